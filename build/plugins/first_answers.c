// Answers `--version` and the help of every command before the interpreter starts.
//
// `first_answers.py` fills in the answers. Whatever is not certain to end as the Python program would end is left to
// it: this function returns, nothing was written, and the interpreter starts. The words, the variables and the width
// are judged as `comfydock_cli.cli` and `comfydock_cli.system` do, a failed write is told as in `system.leave`.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdlib.h>

// Only these C libraries hand the command line to a constructor.
#if defined(__GLIBC__) || defined(__APPLE__)

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*DEFINITIONS*/

struct answer {
    char const *path;
    char const *at_default_width;
    char const *at_most_width;
};

static struct answer const answers[] = {
    /*ANSWERS*/
};

static int isSet(char const *name) {
    char const *value = getenv(name);
    return value != NULL && *value != '\0';
}

// Whether the words are those of the path, which has one space between two.
static int isPath(char const *path, char **words, int count) {
    for (int i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        int follows = i == 0 || *path++ == ' ';
        if (!follows || length == 0 || strchr(words[i], ' ') != NULL || strncmp(path, words[i], length) != 0) {
            return 0;
        }
        path += length;
    }
    return *path == '\0';
}

static char const *findHelp(char **words, int count) {
    struct winsize size;
    int width = isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : DEFAULT_WIDTH;

    if (isSet("COLUMNS") || (width != DEFAULT_WIDTH && width < MOST_WIDTH)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (isPath(answers[i].path, words, count)) {
            return width == DEFAULT_WIDTH ? answers[i].at_default_width : answers[i].at_most_width;
        }
    }
    return NULL;
}

// Ends the process, or returns with nothing written.
static void say(char const *text) {
    static int const signals[] = {SIGPIPE, SIGXFSZ}; // Those that Python ignores: a write reports them as well.
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before[2];
    size_t length = strlen(text), done = 0;

    if (fcntl(1, F_GETFL) & O_NONBLOCK) { // Also when standard output is closed, where the answer is -1.
        return;
    }
    for (int i = 0; i < 2; i++) {
        sigaction(signals[i], &ignore, &before[i]);
    }
    while (done < length) {
        ssize_t count = write(1, text + done, length - done);
        if (count >= 0) {
            done += count;
        } else if (errno != EINTR) {
            break;
        }
    }
    if (done == length) {
        _exit(0);
    }
    if (done > 0) {
        if (errno != EPIPE) {
            dprintf(2, "error: cannot write the output: %s\n", strerror(errno));
        }
        _exit(errno == EPIPE ? 141 : 6);
    }
    for (int i = 0; i < 2; i++) {
        sigaction(signals[i], &before[i], NULL);
    }
}

__attribute__((constructor)) static void answerFirst(int argc, char **argv) {
    char const *text = NULL;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        text = VERSION_ANSWER;
    } else if (argc >= 2 && strcmp(argv[argc - 1], "--help") == 0) {
        text = findHelp(argv + 1, argc - 2);
    }
    if (text != NULL && !isSet("COMFYDOCK_MODULES_FILE")) {
        say(text);
    }
}

#endif
