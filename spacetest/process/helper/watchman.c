/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "watchman.h"

#include "st-child.h"
#include "st-kernel.h"
#include "st-process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a new watchman starts with: all is made before there is a process, so that none ends for want of it. */
typedef struct
{
  Guard guard;
  int helper; /* its pidfd */
  int sockets[2]; /* the helper's end, the watchman's */
  int *kept;
  size_t n_kept;
} Duty;

/* That of a parent is none of ours. */
void
watchman_begin (Watchman *self)
{
  self->pid = 0;
  self->socket = -1;
}

/* What does not arrive whole, the next watchman gets from the helper. */
static bool
receive (Duty *duty)
{
  StWireMessage message;
  int result = st_wire_receive_any (duty->sockets[1], &message);
  if (result == 0 || result == -EAGAIN)
    return false;
  if (result < 0 || message.record.header.type != ST_WIRE_GUARD)
    _exit (EXIT_FAILURE);
  guard_add (&duty->guard, message.fds + 1, message.n_fds - 1);
  message.n_fds = 1;
  st_wire_close_fds (&message);
  return true;
}

static noreturn void
end_all (Duty *duty)
{
  shutdown (duty->sockets[1], SHUT_RD); /* whoever still has the other end open: now nobody waits for more */
  while (receive (duty))
    ;
  guard_kill (&duty->guard);
  _exit (EXIT_SUCCESS);
}

static noreturn void
stand (Duty *duty)
{
  prctl (PR_SET_NAME, "watchman");
  prctl (PR_SET_PDEATHSIG, SIGCONT); /* if we are stopped when the helper ends */
  st_process_close_all_but (duty->kept, duty->n_kept);
  for (;;)
    {
      struct pollfd fds[] = {
        { .fd = duty->sockets[1], .events = POLLIN },
        { .fd = duty->helper, .events = POLLIN },
        { .fd = duty->guard.epoll, .events = POLLIN },
      };
      if (poll (fds, sizeof fds / sizeof fds[0], -1) < 0 && errno != EINTR)
        end_all (duty);
      if (fds[2].revents)
        guard_check (&duty->guard);
      if (fds[1].revents || (fds[0].revents && !receive (duty)))
        end_all (duty);
    }
}

static int
list_kept (Duty *duty)
{
  const Guard *guard = &duty->guard;
  const int needed[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, guard->epoll, duty->helper, duty->sockets[1] };
  const size_t n = sizeof needed / sizeof needed[0];
  duty->kept = malloc ((n + guard->n) * sizeof *duty->kept);
  if (!duty->kept)
    return -ENOMEM;
  for (size_t i = 0; i < n; i++)
    duty->kept[duty->n_kept++] = needed[i];
  for (size_t i = 0; i < guard->n; i++)
    duty->kept[duty->n_kept++] = guard->list[i].pidfd;
  return 0;
}

static int
prepare (Duty        *duty,
         const Guard *guard)
{
  int result = st_wire_pair (duty->sockets);
  if (result < 0)
    return result;
  result = duty->helper = st_kernel_pidfd_open (getpid ());
  if (result >= 0)
    result = guard_share (&duty->guard, guard);
  return result < 0 ? result : list_kept (duty);
}

static void
close_fd (int fd)
{
  if (fd >= 0)
    close (fd);
}

/* The descriptors of what is guarded are the helper's too. */
static void
leave (Duty *duty)
{
  free (duty->kept);
  close_fd (duty->guard.epoll);
  close_fd (duty->helper);
  close_fd (duty->sockets[1]);
}

/* The kernel ends all that an init can guard. */
static bool
is_needed (const Guard *guard)
{
  return guard->n > 0 && getpid () != 1;
}

int
watchman_keep (Watchman *self,
               Guard    *guard,
               Children *children)
{
  Duty duty = { .guard.epoll = -1, .helper = -1, .sockets = { -1, -1 } };
  if (self->socket >= 0 || !is_needed (guard))
    return 0;
  int result = children_make_room (children) ? prepare (&duty, guard) : -ENOMEM;
  if (result >= 0)
    result = st_child_fork (0);
  if (result == 0)
    stand (&duty);
  if (result > 0)
    {
      children_add (children, result);
      *self = (Watchman){ result, duty.sockets[0] };
    }
  else
    close_fd (duty.sockets[0]);
  leave (&duty);
  return result < 0 ? result : 0;
}

/* One that does not listen is replaced. As long as nobody waited for it, its number is its own. */
int
watchman_tell (Watchman            *self,
               const StWireMessage *message,
               Guard               *guard,
               Children            *children)
{
  if (self->socket >= 0 && st_wire_send_now (self->socket, message) < 0)
    {
      if (children_has (children, self->pid))
        kill (self->pid, SIGKILL);
      watchman_end (self);
    }
  return watchman_keep (self, guard, children);
}

void
watchman_end (Watchman *self)
{
  close_fd (self->socket);
  watchman_begin (self);
}
