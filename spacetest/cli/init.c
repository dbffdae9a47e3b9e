/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "init.h"

#include "st-mount.h"
#include "st-process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  const InitPlan *plan;
  pid_t command;
} Init;

/* If nobody listens any more, the lifeline says so too. */
static void
report (const Init *init,
        InitEvent   event,
        int         value)
{
  const InitReport message = { event, value };
  ssize_t written = write (init->plan->reports, &message, sizeof message);
  (void) written;
}

static noreturn void
give_up (const Init *init,
         InitEvent   event,
         int         value)
{
  report (init, event, value);
  _exit (EXIT_FAILURE);
}

/* The command, until it is one. */
static noreturn void
become_command (const InitPlan *plan,
                int             failure)
{
  st_signals_restore (plan->signals);
  execvp (plan->argv[0], plan->argv);
  const int error = errno;
  ssize_t written = write (failure, &error, sizeof error);
  (void) written;
  _exit (EXIT_FAILURE);
}

/* The pipe closes when the command is executed, or dies before. */
static int
read_failure (int failure)
{
  int error = 0;
  ssize_t size = read (failure, &error, sizeof error);
  return size == sizeof error ? error : 0;
}

static void
start_command (Init *init)
{
  int failure[2];
  if (pipe2 (failure, O_CLOEXEC) < 0)
    give_up (init, INIT_NO_FORK, errno);
  init->command = fork ();
  if (init->command < 0)
    give_up (init, INIT_NO_FORK, errno);
  if (init->command == 0)
    become_command (init->plan, failure[1]);

  close (failure[1]);
  int error = read_failure (failure[0]);
  if (error != 0)
    give_up (init, INIT_NO_EXEC, error);
  report (init, INIT_STARTED, 0);
}

/* Out of the command's way: nothing of its files, directories and terminal is held here. */
static void
step_aside (const InitPlan *plan)
{
  const int needed[] = { plan->lifeline, plan->signal_fd, plan->reports };
  st_process_close_all_but (needed, sizeof needed / sizeof needed[0]);
  if (chdir ("/") == 0)
    setsid ();
}

static void
report_command (const Init *init,
                int         status)
{
  if (WIFSTOPPED (status))
    report (init, INIT_STOPPED, WSTOPSIG (status));
  else if (WIFCONTINUED (status))
    report (init, INIT_CONTINUED, 0);
  else
    {
      report (init, INIT_ENDED, status);
      _exit (EXIT_SUCCESS);
    }
}

static void
reap (const Init *init)
{
  pid_t child;
  int status;
  while ((child = waitpid (-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
    if (child == init->command)
      report_command (init, status);
}

static void
take_signals (const Init *init)
{
  StSignal signal;
  while (st_signals_read (init->plan->signal_fd, &signal))
    if (signal.ssi_signo == SIGCHLD)
      reap (init);
    else if (st_signals_is_to_pass_on (&signal))
      st_signals_pass_on (&signal, init->command);
}

static noreturn void
live (const Init *init)
{
  struct pollfd fds[] = {
    { .fd = init->plan->lifeline, .events = POLLIN },
    { .fd = init->plan->signal_fd, .events = POLLIN },
  };
  reap (init); /* a SIGCHLD may be merged into one of before */
  while (poll (fds, 2, -1) >= 0 || errno == EINTR)
    {
      if (fds[0].revents)
        break;
      take_signals (init);
    }
  _exit (EXIT_FAILURE);
}

noreturn void
init_run (const InitPlan *plan)
{
  Init init = { plan, 0 };
  prctl (PR_SET_PDEATHSIG, SIGKILL); /* if the keeper is gone by now, the lifeline says so */

  int result = st_mount_proc ();
  if (result < 0)
    give_up (&init, INIT_NO_PROC, -result);
  result = st_process_return_to ("/proc");
  if (result < 0)
    give_up (&init, INIT_NO_DIRECTORY, -result);
  start_command (&init);
  step_aside (plan);
  live (&init);
}
