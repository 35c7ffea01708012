# bash completion for ferlab; commands and options come from the program's own help.
_ferlab() {
    local word=${COMP_WORDS[COMP_CWORD]} command='' i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -w | --workspace) ((i++)) ;;
        -*) ;;
        *)
            command=${COMP_WORDS[i]}
            break
            ;;
        esac
    done
    if [[ -z $command && $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(ferlab --help 2>/dev/null | awk '/^  [a-z]+ / {print $1}')" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(ferlab ${command:+"$command"} --help 2>/dev/null | grep -oE -- '--[a-z-]+')" -- "$word")
    fi
}
complete -o default -F _ferlab ferlab
