/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "service.h"

#include "errand.h"
#include "reply.h"
#include "space.h"
#include "subspace.h"

#include "st-clock.h"
#include "st-mount-sysfs.h"
#include "st-signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 1000 /* with those below, which have to end first */

/* What each helper has for itself. On failure the caller is about to end. */
int
service_begin (Service *service,
               int      connection,
               int      parent)
{
  service->connection = connection;
  service->parent = parent;
  children_begin (&service->children);
  watchman_begin (&service->watchman);
  service->signals = st_signals_open ();
  if (service->signals < 0)
    return service->signals;
  if (pipe2 (service->lifeline, O_CLOEXEC) < 0)
    return -errno;
  return guard_begin (&service->guard);
}

/* Gives how many. */
static size_t
add_guarded (Service       *service,
             StWireMessage *message,
             int           *result)
{
  const size_t n = message->n_fds > 0 ? message->n_fds - 1 : 0;
  *result = guard_add (&service->guard, message->fds + 1, n);
  message->n_fds -= n;
  return n;
}

/* Held by the watchman too, before we say so. */
static void
take_guarded (Service       *service,
              StWireMessage *message,
              const Reply   *reply)
{
  int result;
  StWireMessage copy = *message;
  const size_t n = add_guarded (service, message, &result);
  if (result == 0)
    {
      result = watchman_tell (&service->watchman, &copy, &service->guard, &service->children);
      if (result < 0)
        guard_drop (&service->guard, n);
    }
  if (result < 0)
    reply_failed (reply, ST_WIRE_STEP_GUARD, 0, result);
  else
    reply_done (reply, 0, ST_MOUNT_SYSFS_KEPT, NULL, 0);
}

static void
take_request (Service       *service,
              StWireMessage *message,
              const Reply   *reply)
{
  switch (message->record.header.type)
    {
    case ST_WIRE_SUBSPACE:
      subspace_make (service, message, reply);
      break;
    case ST_WIRE_SPACE:
      space_make (service, message, reply);
      break;
    case ST_WIRE_SOCKET:
      errand_socket (message, reply);
      break;
    case ST_WIRE_TAP:
      errand_tap (message, reply);
      break;
    case ST_WIRE_ROOT:
      errand_root (message, reply);
      break;
    case ST_WIRE_MOUNT:
      errand_mount (message, reply);
      break;
    case ST_WIRE_SYSCTL:
      errand_sysctl (message, reply);
      break;
    case ST_WIRE_GUARD:
      take_guarded (service, message, reply);
      break;
    default:
      reply_failed (reply, ST_WIRE_STEP_UNDERSTAND, 0, -EPROTO);
    }
}

/* @result: what st_wire_receive_any() said of the message. */
void
service_take (Service       *service,
              StWireMessage *message,
              int            result)
{
  const Reply reply = { message->n_fds > 0 ? message->fds[0] : -1, message->record.header.serial };
  if (result >= 0)
    take_request (service, message, &reply);
  else if (reply.socket >= 0)
    reply_failed (&reply, ST_WIRE_STEP_UNDERSTAND, 0, result);
  st_wire_close_fds (message);
}

static void
drop_signals (int fd)
{
  StSignal signal;
  while (st_signals_read (fd, &signal))
    ;
}

static void
wait_for_children (Service *service)
{
  const int64_t end = st_clock_get_milliseconds () + PATIENCE_MS;
  struct pollfd signalled = { .fd = service->signals, .events = POLLIN };
  children_reap (&service->children);
  for (int64_t rest = PATIENCE_MS; service->children.n > 0 && rest > 0; rest = end - st_clock_get_milliseconds ())
    {
      poll (&signalled, 1, (int) rest);
      drop_signals (service->signals);
      children_reap (&service->children);
    }
}

static bool
is_of_message (int result)
{
  return result > 0 || result == -EPROTO || result == -EPROTONOSUPPORT || result == -EMFILE;
}

/* What was sent for us to guard and is not read yet; what is sent from now on fails. */
static void
kill_unread (Service *service)
{
  StWireMessage message;
  int result;
  shutdown (service->connection, SHUT_RD);
  while (is_of_message (st_wire_receive_any (service->connection, &message)))
    {
      if (message.record.header.type == ST_WIRE_GUARD)
        add_guarded (service, &message, &result);
      st_wire_close_fds (&message);
    }
  guard_kill (&service->guard);
}

/* From the bottom up: those below first, who see the end of their lifeline. Who was stopped has to be woken for that, and who
 * does not end is killed, which ends those below it in the same way. */
static noreturn void
end (Service *service)
{
  close (service->lifeline[1]);
  children_signal (&service->children, SIGCONT);
  kill_unread (service);
  watchman_end (&service->watchman);
  wait_for_children (service);
  if (service->children.n > 0)
    {
      children_signal (&service->children, SIGKILL);
      wait_for_children (service);
    }
  _exit (EXIT_SUCCESS);
}

/* SIGTERM comes from somebody who ends all there is. What a terminal sends is for the program that uses us, which decides for
 * both. */
static void
take_signals (Service *service)
{
  StSignal signal;
  while (st_signals_read (service->signals, &signal))
    if (signal.ssi_signo == SIGTERM)
      end (service);
    else if (signal.ssi_signo == SIGCHLD)
      children_reap (&service->children);
}

static void
receive (Service *service)
{
  StWireMessage message;
  int result = st_wire_receive_any (service->connection, &message);
  if (result == 0 || result == -ECONNRESET || result == -ENOTCONN)
    end (service);
  service_take (service, &message, result);
}

/* A request can make this return in a new helper, which goes on with a service of its own. */
noreturn void
service_run (Service *service)
{
  for (;;)
    {
      struct pollfd fds[] = {
        { .fd = service->connection, .events = POLLIN },
        { .fd = service->parent, .events = POLLIN },
        { .fd = service->signals, .events = POLLIN },
        { .fd = service->guard.epoll, .events = POLLIN },
        { .fd = service->watchman.socket },
      };
      if (poll (fds, sizeof fds / sizeof fds[0], -1) < 0)
        {
          if (errno != EINTR) /* somebody took away what it needs for waiting */
            end (service);
          continue;
        }
      if (fds[1].revents || fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        end (service);
      if (fds[4].revents)
        watchman_end (&service->watchman);
      if (fds[2].revents)
        take_signals (service);
      if (fds[3].revents)
        guard_check (&service->guard);
      if (fds[0].revents & POLLIN)
        receive (service);
      watchman_keep (&service->watchman, &service->guard, &service->children); /* if it was killed */
    }
}
