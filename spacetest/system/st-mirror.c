/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-mirror.h"

#include "st-kernel.h"
#include "st-process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* To be called before the process goes anywhere: its shadow stays where it is. */
int
st_mirror_prepare (StMirror *self)
{
  self->command = self->pidfd = self->gate = self->signals = -1;
  self->shadow.pid = self->shadow.socket = -1;
  self->n_kept = 0;
  int result = st_signals_hold (&self->held);
  if (result == 0)
    result = self->signals = st_signals_open ();
  if (result >= 0)
    result = st_shadow_start (&self->shadow);
  return result;
}

/* For the command, which is not to outlive who stands in for it. The kernel forgets it when the command changes its user; the
 * shadow does not. */
void
st_mirror_bind (void)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
wait_at_gate (StMirror *self,
              const int gate[2])
{
  char go;
  close (gate[1]);
  close (self->shadow.socket);
  close (self->signals);
  st_mirror_bind ();
  if (read (gate[0], &go, 1) != 1)
    _exit (EXIT_FAILURE);
  close (gate[0]);
  st_signals_restore (&self->held);
}

/* Gives 0 in the command-to-be, which comes back once st_mirror_run() lets it, 1 in the process that stands in for it; -ESRCH
 * if the init of the PID namespace that was joined has ended. */
int
st_mirror_fork (StMirror *self,
                int       user_namespace)
{
  int gate[2];
  if (pipe2 (gate, O_CLOEXEC) < 0)
    return -errno;
  self->command = fork ();
  if (self->command == 0)
    {
      wait_at_gate (self, gate);
      return 0;
    }
  int result = self->command < 0 ? -errno : 0;
  close (gate[0]);
  self->gate = gate[1];
  if (result == -ENOMEM) /* the kernel's word for it; there was memory for the shadow a moment ago */
    result = -ESRCH;
  if (result == 0)
    result = self->pidfd = st_kernel_pidfd_open (self->command);
  if (result >= 0)
    result = st_shadow_show (&self->shadow, self->pidfd, user_namespace);
  return result < 0 ? result : 1;
}

/* Has a descriptor open besides, while the command is there. */
void
st_mirror_keep (StMirror *self,
                int       fd)
{
  self->kept[self->n_kept++] = fd;
}

/* Nothing else of the command's files and directories is held here. */
static void
step_aside (const StMirror *self)
{
  int needed[3 + ST_MIRROR_MOST_KEPT] = { self->signals, self->shadow.socket, self->gate };
  for (int i = 0; i < self->n_kept; i++)
    needed[3 + i] = self->kept[i];
  st_process_close_all_but (needed, 3 + (size_t) self->n_kept);
  st_process_leave_directory ();
}

/* Of these events of the command, whether there is one that was not looked at. */
static bool
has_event (const StMirror *self,
           int             events)
{
  siginfo_t info = { 0 };
  return waitid (P_PID, self->command, &info, events | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* Gives whether the command was told to go on. Where it @goes_on already, a SIGCONT has reached it as it did us: to pass it on,
 * late as it may be, could undo a stop since then. */
static bool
take_signals (const StMirror *self,
              bool            goes_on)
{
  StSignal signal;
  bool was_told = false;
  while (st_signals_read (self->signals, &signal))
    if (st_signals_is_to_pass_on (&signal))
      {
        if (signal.ssi_signo == SIGCONT && (goes_on || has_event (self, WCONTINUED)))
          continue;
        st_signals_pass_on (&signal, self->command);
        was_told |= signal.ssi_signo == SIGCONT;
      }
  return was_told;
}

/* Stops as the command was. Whoever continues us means the command: a SIGCONT that is not there any more was taken back by a stop
 * signal after it, and is made up for, so that the command can stop again; unless it went on with us. */
static void
stop_like_command (const StMirror *self,
                   int             number)
{
  sigset_t pending;
  st_signals_stop_by (number, self->shadow.socket);
  if (sigpending (&pending) == 0 && !sigismember (&pending, SIGCONT) && !has_event (self, WSTOPPED | WCONTINUED))
    kill (self->command, SIGCONT);
}

/* Gives the wait status when the command has ended, or -1. */
static int
look_at_command (const StMirror *self)
{
  int status;
  while (waitpid (self->command, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0)
    if (WIFSTOPPED (status))
      {
        if (!take_signals (self, false)) /* both are stopped by a SIGSTOP, and then continued: that comes later */
          stop_like_command (self, WSTOPSIG (status));
      }
    else if (WIFCONTINUED (status))
      take_signals (self, true);
    else
      return status;
  return -1;
}

/* Lets the command go, and gives its wait status. */
int
st_mirror_run (StMirror *self)
{
  struct pollfd held = { .fd = self->signals, .events = POLLIN };
  int status;
  step_aside (self);
  if (write (self->gate, "", 1) == 1)
    close (self->gate);
  while ((status = look_at_command (self)) < 0)
    {
      poll (&held, 1, -1);
      take_signals (self, false);
    }
  st_shadow_end (&self->shadow);
  return status;
}

/* The command is not to be. */
void
st_mirror_abandon (StMirror *self)
{
  if (self->gate >= 0)
    close (self->gate);
  if (self->shadow.pid > 0)
    st_shadow_end (&self->shadow);
  if (self->command > 0)
    st_process_wait (self->command);
}

/* The command is not to be, and the process goes on as if there had been no mirror. */
void
st_mirror_forget (StMirror *self)
{
  st_mirror_abandon (self);
  if (self->pidfd >= 0)
    close (self->pidfd);
  if (self->signals >= 0)
    close (self->signals);
  st_signals_restore (&self->held);
}

/* Ends as another process did. */
noreturn void
st_mirror_end (int status)
{
  if (WIFSIGNALED (status))
    st_signals_die_by (WTERMSIG (status));
  _exit (WEXITSTATUS (status));
}
