/* Processes by number and start time, from /proc. */
#include "process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int64_t process_start_time(int64_t pid)
{
    char path[64], line[1024];
    long long start = 0;
    char state;

    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *in = fopen(path, "re");

    if (!in)
        return 0;
    size_t length = fread(line, 1, sizeof line - 1, in);

    fclose(in);
    line[length] = '\0';
    /* The second field is the program's name in parentheses, which may hold anything, parentheses too. */
    const char *rest = strrchr(line, ')');

    if (!rest ||
        sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld",
               &state, &start) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : start;
}

void process_host(char out[PROCESS_HOST])
{
    if (gethostname(out, PROCESS_HOST) != 0)
        strcpy(out, "localhost");
    out[PROCESS_HOST - 1] = '\0';
}

bool process_is_alive(const char *host, int64_t pid, int64_t start_time)
{
    char here[PROCESS_HOST];

    process_host(here);
    return strcmp(here, host) != 0 || (pid > 0 && process_start_time(pid) == start_time && start_time != 0);
}
