/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-shadow.h"

#include "st-kernel.h"
#include "st-process.h"
#include "st-signals.h"
#include "st-system.h"
#include "st-wire.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  pid_t other; /* who stands in for the command */
  int signals;
  int socket;
  int command; /* pidfd, -1 until it is shown and after its end */
} Shadow;

static void
kill_command (const Shadow *self)
{
  if (self->command >= 0)
    st_kernel_pidfd_send_signal (self->command, SIGKILL);
}

static noreturn void
finish (const Shadow *self)
{
  kill_command (self);
  _exit (EXIT_SUCCESS);
}

/* Its parent may see the end of a traced process by its pidfd when it can't wait for it yet, which GLib takes for the status. So
 * nobody traces it any more then. */
static noreturn void
let_die (const Shadow *self)
{
  kill_command (self);
  ptrace (PTRACE_DETACH, self->other, 0, 0);
  _exit (EXIT_SUCCESS);
}

/* The command is stopped before the other is, so that who waits for the other finds both stopped; going on, the other sees
 * the SIGCONT itself. */
static void
let_go_on (const Shadow *self,
           int           status)
{
  const int number = WSTOPSIG (status);
  const int event = status >> 16;
  if (event == PTRACE_EVENT_EXIT)
    let_die (self);
  if (event == PTRACE_EVENT_STOP)
    ptrace (number == SIGTRAP ? PTRACE_CONT : PTRACE_LISTEN, self->other, 0, 0);
  else
    {
      if (number == SIGSTOP && self->command >= 0)
        st_kernel_pidfd_send_signal (self->command, SIGSTOP);
      ptrace (PTRACE_CONT, self->other, 0, number);
    }
}

static void
watch_other (const Shadow *self)
{
  int status;
  pid_t pid;
  while ((pid = waitpid (self->other, &status, __WALL | WNOHANG)) > 0)
    if (WIFSTOPPED (status))
      let_go_on (self, status);
    else
      finish (self);
}

/* In a user namespace that was joined, it takes rights there to kill what changed its user. */
static void
get_shown (Shadow *self)
{
  StWireMessage message;
  if (st_wire_receive (self->socket, &message) <= 0)
    finish (self);
  self->command = st_wire_take_fd (&message, 0);
  if (message.n_fds > 1)
    st_system_enter (message.fds[1], &st_kinds[ST_KIND_USER]);
  st_wire_close_fds (&message);
}

static void
tell_of_end (Shadow *self)
{
  close (self->command);
  self->command = -1;
  if (send (self->socket, "", 1, MSG_NOSIGNAL) < 0)
    finish (self);
}

static void
take_signals (const Shadow *self)
{
  StSignal signal;
  while (st_signals_read (self->signals, &signal))
    if (signal.ssi_signo == SIGCHLD)
      watch_other (self);
}

static noreturn void
live (Shadow *self)
{
  struct pollfd fds[] = {
    { .fd = self->signals, .events = POLLIN },
    { .fd = self->socket, .events = POLLIN },
    { .events = POLLIN },
  };
  for (;;)
    {
      fds[2].fd = self->command;
      fds[2].revents = 0;
      if (poll (fds, 3, -1) < 0 && errno != EINTR)
        finish (self);
      if (fds[1].revents)
        get_shown (self);
      take_signals (self);
      if (fds[2].revents)
        tell_of_end (self);
    }
}

/* Nothing of the command's files, terminal and directories is held here. Where tracing is refused, SIGSTOP stays unseen. */
static noreturn void
become_shadow (pid_t other,
               int   socket)
{
  Shadow self = { .other = other, .signals = st_signals_open (), .socket = socket, .command = -1 };
  const int needed[] = { self.signals, self.socket };
  char go;
  if (self.signals < 0)
    _exit (EXIT_FAILURE);
  st_process_close_all_but (needed, 2);
  st_process_leave_directory ();
  setsid ();
  if (recv (self.socket, &go, 1, 0) != 1) /* until we are allowed to trace */
    _exit (EXIT_FAILURE);
  ptrace (PTRACE_SEIZE, other, 0, PTRACE_O_TRACEEXIT);
  if (send (self.socket, "", 1, MSG_NOSIGNAL) != 1)
    _exit (EXIT_FAILURE);
  live (&self);
}

/* All signals are held. When this is back, the calling process is watched. */
int
st_shadow_start (StShadow *self)
{
  int sockets[2];
  char ready;
  const pid_t me = getpid ();
  int result = st_wire_pair (sockets);
  if (result < 0)
    return result;
  self->pid = fork ();
  if (self->pid == 0)
    {
      close (sockets[0]);
      become_shadow (me, sockets[1]);
    }
  result = self->pid < 0 ? -errno : 0;
  self->socket = sockets[0];
  close (sockets[1]);
  if (result == 0)
    prctl (PR_SET_PTRACER, self->pid);
  if (result == 0 && (send (self->socket, "", 1, MSG_NOSIGNAL) != 1 || recv (self->socket, &ready, 1, 0) != 1))
    result = -EMFILE; /* the only thing it needs more of */
  if (result < 0)
    st_shadow_end (self);
  return result;
}

/* @command is a pidfd; @user_namespace is -1 if the command is in the caller's. */
int
st_shadow_show (const StShadow *self,
                int             command,
                int             user_namespace)
{
  StWireMessage message;
  st_wire_begin (&message, ST_WIRE_COMMAND, 0);
  st_wire_add_fd (&message, command);
  if (user_namespace >= 0)
    st_wire_add_fd (&message, user_namespace);
  return st_wire_send (self->socket, &message);
}

/* Kills the command, if it is not gone yet. */
void
st_shadow_end (StShadow *self)
{
  close (self->socket);
  if (self->pid > 0)
    st_process_wait (self->pid);
  self->pid = self->socket = -1;
}
