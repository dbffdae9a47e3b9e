/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "subspace.h"

#include "st-child.h"
#include "st-clock.h"
#include "st-idmap.h"
#include "st-kernel.h"
#include "st-mount.h"
#include "st-process.h"
#include "st-system.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define KINDS (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME)

/* A new helper on its way. */
typedef struct
{
  StWireMessage *request;
  const StWireSubspace *order;
  const Reply *reply;
  uint32_t kinds; /* new ones */
  uid_t uid;      /* ours, outside */
  gid_t gid;
} Birth;

static bool
check (const Birth *birth,
       StWireStep   step,
       uint32_t     kinds,
       int          result)
{
  if (result < 0)
    reply_failed (birth->reply, step, kinds, result);
  return result >= 0;
}

/* A new PID namespace needs a /proc of its own, and that a place to be mounted; a new host name needs one where it counts. */
static uint32_t
get_kinds (const StWireSubspace *order)
{
  return order->kinds | (order->kinds & CLONE_NEWPID ? CLONE_NEWNS : 0) | (order->host_name[0] ? CLONE_NEWUTS : 0);
}

static int
close_what_is_our_parents (const Birth   *birth,
                           const Service *parent)
{
  int kept[3 + ST_WIRE_MAX_FDS + 1] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, parent->lifeline[0] };
  size_t n = 4;
  for (size_t i = 0; i < birth->request->n_fds; i++)
    kept[n++] = birth->request->fds[i];
  st_process_close_all_but (kept, n);
  return parent->lifeline[0];
}

/* Until we serve we look at no lifeline; what is being made is ended by the kernel if our parent is killed meanwhile. If it was
 * before that was said, its lifeline has ended. */
static bool
has_parent (int lifeline)
{
  struct pollfd ended = { .fd = lifeline, .events = POLLIN };
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  return poll (&ended, 1, 0) == 0;
}

static int
map_own_ids (const Birth *birth)
{
  if (birth->order->map == ST_WIRE_MAP_SELF)
    return st_idmap_own_to_itself (birth->uid, birth->gid);
  return st_idmap_own_to_root (birth->uid, birth->gid);
}

static bool
move_clocks (const Birth *birth)
{
  return check (birth, ST_WIRE_STEP_CREATE, CLONE_NEWTIME, st_process_unshare (CLONE_NEWTIME)) &&
         check (birth, ST_WIRE_STEP_OFFSETS, CLONE_NEWTIME,
                st_clock_shift (birth->order->monotonic_offset, birth->order->boottime_offset)) &&
         check (birth, ST_WIRE_STEP_ENTER, CLONE_NEWTIME, st_clock_enter_new ());
}

static bool
furnish (const Birth *birth)
{
  const uint32_t kinds = birth->kinds;
  return (!(kinds & CLONE_NEWUSER) || check (birth, ST_WIRE_STEP_MAP, CLONE_NEWUSER, map_own_ids (birth))) &&
         (!(kinds & CLONE_NEWNS) || check (birth, ST_WIRE_STEP_PRIVATE, CLONE_NEWNS, st_mount_make_private ())) &&
         (!(kinds & CLONE_NEWPID) || check (birth, ST_WIRE_STEP_PROC, CLONE_NEWPID, st_mount_proc ())) &&
         (!(kinds & CLONE_NEWUTS) ||
          check (birth, ST_WIRE_STEP_HOST_NAME, CLONE_NEWUTS, st_process_set_host_name (birth->order->host_name))) &&
         (!(kinds & CLONE_NEWTIME) || move_clocks (birth));
}

static int
take_output (const Birth *birth)
{
  size_t next = 2;
  if (birth->order->has_stdout && dup2 (birth->request->fds[next++], STDOUT_FILENO) < 0)
    return -errno;
  if (birth->order->has_stderr && dup2 (birth->request->fds[next], STDERR_FILENO) < 0)
    return -errno;
  return 0;
}

static void
close_fds (const int *fds,
           size_t     n)
{
  while (n > 0)
    close (fds[--n]);
}

/* Who we are, and where. */
static bool
answer (const Birth   *birth,
        const Service *service)
{
  int fds[1 + ST_N_KINDS];
  size_t n = 0;
  int result = st_kernel_pidfd_open (getpid ());
  if (result >= 0)
    fds[n++] = result;
  ST_FOREACH_KIND (kind)
    if (result >= 0 && service->kinds & kind->flag)
      {
        result = st_system_open_current (kind);
        if (result >= 0)
          fds[n++] = result;
      }
  const bool done = check (birth, ST_WIRE_STEP_OPEN, service->kinds, result) &&
                    reply_done (birth->reply, service->kinds, ST_MOUNT_SYSFS_KEPT, fds, n) >= 0;
  close_fds (fds, n);
  st_system_forget_thread ();
  return done;
}

static bool
become_helper (const Birth *birth,
               Service     *service)
{
  const int parent = close_what_is_our_parents (birth, service);
  if (!has_parent (parent) || !furnish (birth) || !check (birth, ST_WIRE_STEP_FORK, 0, take_output (birth)) ||
      !check (birth, ST_WIRE_STEP_FORK, 0, service_begin (service, st_wire_take_fd (birth->request, 1), parent)))
    return false;
  service->kinds |= birth->kinds;
  if (!answer (birth, service))
    return false;
  /* We serve: the end of our lifeline ends us, in good order. If we are stopped when it comes, this wakes us. */
  prctl (PR_SET_PDEATHSIG, SIGCONT);
  return true;
}

static void
report_no_birth (const Birth *birth,
                 uint32_t     flags,
                 int          result)
{
  const bool is_fork = result == -EAGAIN || result == -ENOMEM || flags == 0;
  reply_failed (birth->reply, is_fork ? ST_WIRE_STEP_FORK : ST_WIRE_STEP_CREATE, is_fork ? 0 : st_child_find_refused (flags), result);
}

static int
check_order (const StWireMessage *request)
{
  const StWireSubspace *order = &request->record.subspace;
  if (!order->kinds || order->kinds & ~KINDS || order->map > ST_WIRE_MAP_SELF)
    return -EINVAL;
  if (!(order->kinds & CLONE_NEWTIME) && (order->monotonic_offset || order->boottime_offset))
    return -EINVAL;
  return st_wire_check_socket (request->fds[1]);
}

void
subspace_make (Service       *service,
               StWireMessage *request,
               const Reply   *reply)
{
  const StWireSubspace *order = &request->record.subspace;
  const Birth birth = {
    .request = request,
    .order = order,
    .reply = reply,
    .kinds = get_kinds (order),
    .uid = geteuid (),
    .gid = getegid (),
  };
  if (!check (&birth, ST_WIRE_STEP_UNDERSTAND, order->kinds, check_order (request)) ||
      !check (&birth, ST_WIRE_STEP_FORK, 0, children_make_room (&service->children) ? 0 : -ENOMEM))
    return;
  const uint32_t flags = birth.kinds & ~(uint32_t) CLONE_NEWTIME;
  pid_t pid = st_child_fork (flags);
  if (pid < 0)
    report_no_birth (&birth, flags, pid);
  else if (pid > 0)
    children_add (&service->children, pid);
  else if (!become_helper (&birth, service))
    _exit (EXIT_FAILURE);
}
