/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-signals.h"

#include "st-coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SIGNAL_STATUS 128

/* Blocks all signals, which keeps even ignored ones. An ignored SIGCHLD would make the kernel forget how children ended. */
int
st_signals_hold (StSignals *held)
{
  const struct sigaction by_default = { .sa_handler = SIG_DFL };
  sigset_t all;
  sigfillset (&all);
  if (sigprocmask (SIG_SETMASK, &all, &held->mask) < 0 || sigaction (SIGCHLD, &by_default, &held->child) < 0)
    return -errno;
  return 0;
}

void
st_signals_restore (const StSignals *held)
{
  sigaction (SIGCHLD, &held->child, NULL);
  sigprocmask (SIG_SETMASK, &held->mask, NULL);
}

/* A descriptor that gives the signals held back for whoever reads it. */
int
st_signals_open (void)
{
  sigset_t all;
  sigfillset (&all);
  int fd = signalfd (-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

bool
st_signals_read (int       fd,
                 StSignal *signal)
{
  return read (fd, signal, sizeof *signal) == sizeof *signal;
}

static bool
is_session_leader (void)
{
  return getsid (0) == getpid ();
}

/* What the terminal sends goes to the whole foreground process group, the other process among them. */
static bool
is_from_terminal (const StSignal *signal)
{
  if (signal->ssi_code != SI_KERNEL)
    return false;
  switch ((int) signal->ssi_signo)
    {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGWINCH:
      return true;
    case SIGHUP:
    case SIGCONT:
      return !is_session_leader (); /* when a terminal hangs up, only the leader is told */
    default:
      return false; /* alarms and limits are this process's alone */
    }
}

static bool
is_wake (const StSignal *signal)
{
  return signal->ssi_signo == SIGCONT && signal->ssi_code == POLL_IN;
}

/* Whether the process stood in for would not get it otherwise. */
bool
st_signals_is_to_pass_on (const StSignal *signal)
{
  return signal->ssi_signo != SIGCHLD && !is_from_terminal (signal) && !is_wake (signal);
}

/* Nothing is to be done if the process is gone already: its end comes by another way. */
void
st_signals_pass_on (const StSignal *signal,
                    pid_t           pid)
{
  if (signal->ssi_code == SI_QUEUE)
    sigqueue (pid, (int) signal->ssi_signo, (union sigval) { .sival_ptr = (void *) (uintptr_t) signal->ssi_ptr });
  else
    kill (pid, (int) signal->ssi_signo);
}

/* The kernel sends SIGCONT to this process whenever something comes into the pipe. */
static void
set_waking (int  pipe,
            bool wakes)
{
  int flags = fcntl (pipe, F_GETFL);
  fcntl (pipe, F_SETOWN, getpid ());
  fcntl (pipe, F_SETSIG, SIGCONT);
  fcntl (pipe, F_SETFL, wakes ? flags | O_ASYNC : flags & ~O_ASYNC);
}

static bool
is_readable (int fd)
{
  struct pollfd readable = { .fd = fd, .events = POLLIN };
  return poll (&readable, 1, 0) > 0;
}

static void
set_action (int   number,
            void (*handler) (int))
{
  sigaction (number, &(struct sigaction) { .sa_handler = handler }, NULL);
}

static void
let_through (int number)
{
  sigset_t only;
  sigemptyset (&only);
  sigaddset (&only, number);
  sigprocmask (SIG_UNBLOCK, &only, NULL);
  sigprocmask (SIG_BLOCK, &only, NULL);
}

/* Stops this process in the same way as another one was, until it is continued or there is something to read in the pipe
 * @wake. A SIGCONT takes a stop signal back that is still blocked, so between looking and stopping nothing is missed (but
 * SIGSTOP knows no blocking). */
void
st_signals_stop_by (int number,
                    int wake)
{
  set_waking (wake, true);
  if (!is_readable (wake))
    {
      set_action (number, SIG_DFL);
      raise (number);
      if (!is_readable (wake))
        let_through (number);
      set_action (number, SIG_IGN); /* forgets it if it was not let through */
      set_action (number, SIG_DFL);
    }
  set_waking (wake, false);
}

/* Ends this process in the same way as another one ended. */
noreturn void
st_signals_die_by (int number)
{
  prctl (PR_SET_DUMPABLE, 0); /* one core dump is enough */
  set_action (number, SIG_DFL);
  st_coverage_save ();
  raise (number);
  let_through (number);
  _exit (SIGNAL_STATUS + number); /* PID 1 of a container survives its own signals */
}
