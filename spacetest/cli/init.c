/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "init.h"

#include "cli.h"

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
  InitOrder stops; /* how often the command was stopped */
  bool is_stopped;
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
                const int       gate[2])
{
  char nothing;
  close (gate[1]);
  if (read (gate[0], &nothing, 1) < 0)
    _exit (CLI_FAILED);
  st_signals_restore (plan->signals);
  _exit (cli_execute (plan->argv));
}

/* Out of the command's way: nothing of its files, directories and terminal is held here. */
static void
step_aside (const InitPlan *plan,
            int             gate)
{
  const int needed[] = { plan->lifeline, plan->signal_fd, plan->reports, gate };
  st_process_close_all_but (needed, sizeof needed / sizeof needed[0]);
  st_process_leave_directory ();
  setsid ();
}

/* The command waits at a gate until we are out of its way. */
static void
start_command (Init *init)
{
  int gate[2];
  if (pipe2 (gate, O_CLOEXEC) < 0)
    give_up (init, INIT_NO_FORK, errno);
  init->command = fork ();
  if (init->command < 0)
    give_up (init, INIT_NO_FORK, errno);
  if (init->command == 0)
    become_command (init->plan, gate);

  step_aside (init->plan, gate[1]);
  report (init, INIT_STARTED, 0);
  close (gate[1]);
}

static void
report_command (Init *init,
                int   status)
{
  init->is_stopped = WIFSTOPPED (status);
  init->stops += WIFSTOPPED (status);
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
reap (Init *init)
{
  pid_t child;
  int status;
  while ((child = waitpid (-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
    if (child == init->command)
      report_command (init, status);
}

static void
take_signals (Init *init)
{
  StSignal signal;
  while (st_signals_read (init->plan->signal_fd, &signal))
    if (signal.ssi_signo == SIGCHLD)
      reap (init);
    else if (st_signals_is_to_pass_on (&signal))
      st_signals_pass_on (&signal, init->command);
}

static InitOrder
read_order (const InitPlan *plan)
{
  InitOrder order;
  if (read (plan->lifeline, &order, sizeof order) != sizeof order)
    _exit (EXIT_FAILURE);
  return order;
}

/* A SIGCONT for the whole process group has reached the command already. It may even be stopped again by now. */
static void
take_order (Init *init)
{
  InitOrder stop = read_order (init->plan);
  reap (init);
  if (init->is_stopped && init->stops == stop)
    kill (init->command, SIGCONT);
}

static noreturn void
live (Init *init)
{
  struct pollfd fds[] = {
    { .fd = init->plan->lifeline, .events = POLLIN },
    { .fd = init->plan->signal_fd, .events = POLLIN },
  };
  reap (init); /* a SIGCHLD may be merged into one of before */
  while (poll (fds, 2, -1) >= 0 || errno == EINTR)
    {
      take_signals (init);
      if (fds[0].revents)
        take_order (init);
    }
  _exit (EXIT_FAILURE);
}

noreturn void
init_run (const InitPlan *plan)
{
  Init init = { .plan = plan };
  prctl (PR_SET_PDEATHSIG, SIGKILL); /* if the keeper is gone by now, the lifeline says so */

  int result = st_mount_proc ();
  if (result < 0)
    give_up (&init, INIT_NO_PROC, -result);
  result = st_process_return_to ("/proc");
  if (result < 0)
    give_up (&init, INIT_NO_DIRECTORY, -result);
  read_order (plan); /* the keeper gets out of the command's way first */
  start_command (&init);
  live (&init);
}
