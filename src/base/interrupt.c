/* SIGINT and SIGTERM as a flag. */
#include "ferlab/base/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

/* An impatient hand presses twice: what comes within this of the first SIGINT is part of it. */
enum { SAME_MS = 1000 };

static volatile sig_atomic_t requested;
static struct timespec first; /* SIGINT; written by the handler alone */

static long elapsed_ms(const struct timespec *since)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void on_signal(int number)
{
    static const char sentence[] = "\nferlab: ended at once, as asked again; what was saved before stays\n";
    if (number == SIGINT && !requested) {
        clock_gettime(CLOCK_MONOTONIC, &first);
    } else if (number == SIGINT && elapsed_ms(&first) > SAME_MS) {
        ssize_t written = write(STDERR_FILENO, sentence, sizeof sentence - 1);
        (void)written;
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    requested = 1;
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupt_requested(void)
{
    return requested != 0;
}

void interrupt_clear(void)
{
    requested = 0;
}
