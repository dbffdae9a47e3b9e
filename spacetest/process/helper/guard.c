/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "guard.h"

#include "family.h"
#include "st-kernel.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_EVENTS 16

/* What a parent guards stays the parent's; only the memory is used again. */
int
guard_begin (Guard *guard)
{
  guard->n = 0;
  guard->epoll = epoll_create1 (EPOLL_CLOEXEC);
  return guard->epoll < 0 ? -errno : 0;
}

static bool
make_room (Guard *guard,
           size_t n)
{
  if (guard->n + n <= guard->room)
    return true;
  size_t room = guard->room * 2 + 16;
  Guarded *list = realloc (guard->list, room * sizeof *list);
  if (!list)
    return false;
  guard->list = list;
  guard->room = room;
  return true;
}

static bool
watch (const Guard *guard,
       int          pidfd)
{
  struct epoll_event event = { .events = EPOLLIN, .data.fd = pidfd };
  return st_kernel_pidfd_send_signal (pidfd, 0) != -EBADF && epoll_ctl (guard->epoll, EPOLL_CTL_ADD, pidfd, &event) == 0;
}

static void
forget (Guard *guard,
        size_t i)
{
  const int pidfd = guard->list[i].pidfd;
  guard->list[i] = guard->list[--guard->n];
  for (size_t j = 0; j < guard->n; j++)
    if (guard->list[j].dependent == pidfd)
      guard->list[j].dependent = -1;
  epoll_ctl (guard->epoll, EPOLL_CTL_DEL, pidfd, NULL); /* whoever sent it may still have it open */
  close (pidfd);
}

int
guard_share (Guard       *guard,
             const Guard *other)
{
  *guard = *other;
  guard->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (guard->epoll < 0)
    return -errno;
  for (size_t i = 0; i < guard->n; i++)
    if (!watch (guard, guard->list[i].pidfd))
      return -errno;
  return 0;
}

/* What can't be guarded may not run: nobody would end it. */
int
guard_add (Guard     *guard,
           const int *pidfds,
           size_t     n)
{
  size_t watched = 0;
  if (make_room (guard, n))
    while (watched < n && watch (guard, pidfds[watched]))
      watched++;
  for (size_t i = 0; i < n; i++)
    if (watched == n)
      guard->list[guard->n++] = (Guarded){ pidfds[i], i + 1 < n ? pidfds[i + 1] : -1 };
    else
      {
        st_kernel_pidfd_send_signal (pidfds[i], SIGKILL);
        epoll_ctl (guard->epoll, EPOLL_CTL_DEL, pidfds[i], NULL);
        close (pidfds[i]);
      }
  return watched == n ? 0 : -EBADF;
}

void
guard_drop (Guard *guard,
            size_t n)
{
  while (n-- > 0)
    {
      st_kernel_pidfd_send_signal (guard->list[guard->n - 1].pidfd, SIGKILL);
      forget (guard, guard->n - 1);
    }
}

static void
take_end (Guard *guard,
          int    pidfd)
{
  for (size_t i = 0; i < guard->n; i++)
    if (guard->list[i].pidfd == pidfd)
      {
        if (guard->list[i].dependent >= 0)
          st_kernel_pidfd_send_signal (guard->list[i].dependent, SIGKILL);
        forget (guard, i);
        return;
      }
}

void
guard_check (Guard *guard)
{
  struct epoll_event events[MAX_EVENTS];
  int n = epoll_wait (guard->epoll, events, MAX_EVENTS, 0);
  for (int i = 0; i < n; i++)
    take_end (guard, events[i].data.fd);
}

void
guard_kill (Guard *guard)
{
  Family family = { 0 };
  for (size_t i = 0; i < guard->n; i++)
    family_add (&family, guard->list[i].pidfd);
  family_kill (&family);
}
