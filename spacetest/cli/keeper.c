/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "keeper.h"

#include "cli.h"
#include "init.h"
#include "terminal.h"

#include "st-process.h"
#include "st-signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  pid_t init;
  int lifeline; /* held open to the end */
  int signal_fd;
  int reports;
  InitOrder stops; /* how often the command was stopped */
  bool is_stopped; /* ... and is, as far as is known here */
} Keeper;

typedef struct
{
  int lifeline[2];
  int reports[2];
} Pipes;

static int
open_pipes (Pipes *pipes)
{
  if (pipe2 (pipes->lifeline, O_CLOEXEC) < 0 || pipe2 (pipes->reports, O_CLOEXEC) < 0)
    return -errno;
  return 0;
}

static void
start_init (Keeper          *keeper,
            const Pipes     *pipes,
            const StSignals *signals,
            char           **argv)
{
  keeper->init = fork ();
  if (keeper->init == 0)
    {
      /* Only the keeper holds this end, so the kernel closes it with the keeper. */
      close (pipes->lifeline[1]);
      close (pipes->reports[0]);
      init_run (&(InitPlan) { argv, signals, pipes->lifeline[0], keeper->signal_fd, pipes->reports[1] });
    }
  int error = errno;
  close (pipes->lifeline[0]);
  close (pipes->reports[1]);
  errno = error;
}

/* Standard error is held until nothing can fail any more. */
static void
step_aside (const Keeper *keeper,
            bool          is_started)
{
  const int needed[] = { keeper->lifeline, keeper->signal_fd, keeper->reports, STDERR_FILENO };
  st_process_close_all_but (needed, is_started ? 3 : 4);
  st_process_leave_directory ();
}

static void
order (const Keeper *keeper,
       InitOrder     order)
{
  ssize_t written = write (keeper->lifeline, &order, sizeof order);
  (void) written; /* if PID 1 is gone, its reports end */
}

/* Waits for PID 1, whose end is the end of everything inside. */
static int
reap_init (const Keeper *keeper)
{
  int status;
  while (waitpid (keeper->init, &status, 0) < 0)
    if (errno != EINTR)
      return CLI_FAILED << 8;
  return status;
}

/* PID 1 went without a report: somebody killed it, and so everything else. */
static int
end_of_init (int status)
{
  return WIFSIGNALED (status) ? status : CLI_FAILED << 8;
}

static int
end_like (int status)
{
  if (WIFSIGNALED (status))
    st_signals_die_by (WTERMSIG (status));
  return WEXITSTATUS (status);
}

static int
explain (const InitReport *report)
{
  const char *text = strerror (report->value);
  switch (report->event)
    {
    case INIT_NO_PROC:
      cli_complain ("cannot mount a fresh /proc: %s (refused where parts of the old one are covered, as in containers: "
                    "uncover /proc there, or go without --pid)",
                    text);
      return CLI_FAILED;
    case INIT_NO_DIRECTORY:
      cli_complain ("cannot keep the working directory: it is not in the fresh /proc: %s (start elsewhere)", text);
      return CLI_FAILED;
    default:
      cli_complain ("cannot start a process in the new pid namespace: %s%s", text, cli_hint_for_fork (report->value));
      return CLI_FAILED;
    }
}

/* Gives the wait status that is to be passed on, or -1 if there is none yet. */
static int
take_report (Keeper *keeper)
{
  InitReport report;
  if (read (keeper->reports, &report, sizeof report) != sizeof report)
    return end_of_init (reap_init (keeper));
  switch (report.event)
    {
    case INIT_STARTED:
      step_aside (keeper, true);
      return -1;
    case INIT_CONTINUED:
      keeper->is_stopped = false;
      return -1;
    case INIT_STOPPED:
      keeper->is_stopped = true;
      keeper->stops++;
      st_signals_stop_by (report.value, keeper->reports);
      return -1;
    case INIT_ENDED:
      reap_init (keeper);
      return report.value;
    default:
      reap_init (keeper);
      return explain (&report) << 8;
    }
}

static void
take_signals (const Keeper *keeper)
{
  StSignal signal;
  while (st_signals_read (keeper->signal_fd, &signal))
    if (signal.ssi_signo == SIGCONT && keeper->is_stopped)
      order (keeper, keeper->stops);
    else if (st_signals_is_to_pass_on (&signal))
      st_signals_pass_on (&signal, keeper->init);
}

static int
keep (Keeper *keeper)
{
  struct pollfd fds[] = {
    { .fd = keeper->signal_fd, .events = POLLIN },
    { .fd = keeper->reports, .events = POLLIN },
  };
  int status = -1;
  while (status < 0 && (poll (fds, 2, -1) >= 0 || errno == EINTR))
    {
      take_signals (keeper);
      if (fds[1].revents)
        status = take_report (keeper);
    }
  return status;
}

int
keeper_run (char **argv)
{
  Pipes pipes;
  StSignals signals;
  Keeper keeper = { 0 };
  int result = open_pipes (&pipes);
  if (result == 0)
    result = st_signals_hold (&signals);
  if (result == 0)
    result = keeper.signal_fd = st_signals_open ();
  if (result < 0)
    {
      cli_complain ("cannot watch over the command: %s", strerror (-result));
      return CLI_FAILED;
    }

  bool is_foreground = terminal_is_ours ();
  keeper.lifeline = pipes.lifeline[1];
  keeper.reports = pipes.reports[0];
  start_init (&keeper, &pipes, &signals, argv);
  if (keeper.init < 0)
    {
      cli_complain ("cannot start PID 1 of the new pid namespace: %s%s", strerror (errno), cli_hint_for_fork (errno));
      return CLI_FAILED;
    }
  step_aside (&keeper, false);
  order (&keeper, 0);
  int status = keep (&keeper);
  if (is_foreground)
    terminal_take_back ();
  return end_like (status);
}
