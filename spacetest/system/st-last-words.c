/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-last-words.h"

#include "st-coverage.h"
#include "st-process.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 2048

/* Failed assertions, fatal messages, and what is the processor's. */
static const int numbers[] = { SIGABRT, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL };

#define N_NUMBERS (sizeof numbers / sizeof numbers[0])

static struct sigaction before[N_NUMBERS];
static void (*speaker) (void);

static bool
happens_again (const siginfo_t *info)
{
  return info->si_code > 0 && info->si_signo != SIGTRAP && info->si_signo != SIGABRT;
}

static void
handle (int        number,
        siginfo_t *info,
        void      *context)
{
  int error = errno;
  (void) context;
  for (size_t i = 0; i < N_NUMBERS; i++)
    if (numbers[i] == number)
      sigaction (number, &before[i], NULL);
  speaker ();
  st_coverage_save ();
  errno = error;
  if (!happens_again (info))
    raise (number); /* taken when this returns */
}

void
st_last_words_install (void (*speak) (void))
{
  struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  speaker = speak;
  sigemptyset (&action.sa_mask);
  for (size_t i = 0; i < N_NUMBERS; i++)
    sigaction (numbers[i], &action, &before[i]);
}

void
st_last_words_say (const char *first,
                   ...)
{
  char text[TEXT_SIZE];
  size_t used = 0;
  va_list args;
  va_start (args, first);
  for (const char *part = first; part; part = va_arg (args, const char *))
    for (; *part && used < sizeof text; part++)
      text[used++] = *part;
  va_end (args);
  st_system_write_all (STDERR_FILENO, text, used);
}

void
st_last_words_stop (void)
{
  raise (SIGSTOP);
}

static int
become_shell (const char *shell,
              int         terminal)
{
  char *argv[] = { (char *) shell, NULL };
  sigset_t none;
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    dup2 (terminal, fd);
  execve (shell, argv, environ);
  return errno;
}

static int
open_terminal (void)
{
  return open ("/dev/tty", O_RDWR | O_CLOEXEC);
}

bool
st_last_words_have_terminal (void)
{
  int terminal = open_terminal ();
  if (terminal >= 0)
    close (terminal);
  return terminal >= 0;
}

int
st_last_words_be_shell (const char *shell)
{
  volatile int failure = 0;
  int terminal = open_terminal ();
  if (terminal < 0)
    return -errno;
  pid_t child = vfork ();
  if (child == 0)
    {
      failure = become_shell (shell, terminal);
      _exit (127);
    }
  if (child < 0)
    failure = errno;
  close (terminal);
  if (child > 0)
    st_process_wait (child);
  return -failure;
}
