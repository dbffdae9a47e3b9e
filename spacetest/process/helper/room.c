/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "room.h"

#include "st-child.h"
#include "st-kernel.h"
#include "st-mount-table.h"
#include "st-mount.h"
#include "st-proc-sys.h"
#include "st-process.h"
#include "st-system.h"
#include "st-tap.h"
#include "st-view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KINDS (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWTIME | CLONE_NEWUTS)

/* What the child is to do, and what came of it: the memory and the descriptors are shared. */
typedef struct
{
  const StWireMessage *request;
  const void *content;
  bool is_network_home;
  StWireStep step; /* the one that failed, with its kinds */
  uint32_t kinds;
  int result;
  int refused;     /* the namespace that was not to be entered, of the request's */
  StWireSysfs sysfs;
  int fds[ST_N_KINDS];
  size_t n_fds;
} Room;

static bool
check (Room      *room,
       StWireStep step,
       uint32_t   kinds,
       int        result)
{
  if (result >= 0)
    return true;
  room->step = step;
  room->kinds = kinds;
  room->result = result;
  return false;
}

static void
keep_fd (Room *room,
         int   fd)
{
  room->fds[room->n_fds++] = fd;
}

static int
mount_or_cover_sysfs (StWireSysfs *sysfs)
{
  int result = st_mount_sysfs ();
  *sysfs = ST_WIRE_SYSFS_FRESH;
  if (result != -EPERM && result != -EACCES)
    return result;
  *sysfs = ST_WIRE_SYSFS_COVERED;
  return st_mount_cover_interfaces ();
}

static uint64_t
get_network_serial (void)
{
  StIdentity identity = { 0 };
  int fd = st_system_open_current (&st_kinds[ST_KIND_NET]);
  if (fd < 0)
    return 0;
  st_system_identify (fd, &identity);
  close (fd);
  return identity.serial;
}

/* Never a /sys of another network. Where the kernel won't tell, home's is taken to be right. */
static int
correct_sysfs (Room *room)
{
  if (room->request->record.space.kinds & CLONE_NEWNET)
    return mount_or_cover_sysfs (&room->sysfs);
  int right = st_mount_is_sysfs_right (get_network_serial ());
  if (right == -EPERM || right == -EACCES)
    right = room->is_network_home;
  if (right != 0)
    return right;
  return mount_or_cover_sysfs (&room->sysfs);
}

/* Where there is no /sys, there is nothing to correct. */
static int
unless_missing (int result)
{
  return result == -ENOENT || result == -ENOTDIR ? 0 : result;
}

static bool
furnish_mounts (Room *room)
{
  return check (room, ST_WIRE_STEP_PRIVATE, CLONE_NEWNS, st_mount_make_private ()) &&
         check (room, ST_WIRE_STEP_SYSFS, CLONE_NEWNS, unless_missing (correct_sysfs (room)));
}

static void
furnish_space (void *data)
{
  Room *room = data;
  const StWireSpace *order = &room->request->record.space;
  if (order->kinds & CLONE_NEWNET)
    st_proc_sys_allow_ping (); /* where that may be */
  /* Time comes last: the others are where the child is, this is where its children would be. */
  bool go_on = (!(order->kinds & CLONE_NEWNET) || !order->loopback_up ||
                check (room, ST_WIRE_STEP_LOOPBACK, CLONE_NEWNET, st_system_loopback_up ())) &&
               (!(order->kinds & CLONE_NEWNS) || furnish_mounts (room)) &&
               (!(order->kinds & CLONE_NEWTIME) ||
                check (room, ST_WIRE_STEP_CREATE, CLONE_NEWTIME, st_system_unshare (&st_kinds[ST_KIND_TIME])));
  ST_FOREACH_KIND (kind)
    if (go_on && order->kinds & kind->flag)
      {
        int fd = st_system_open_new (kind);
        go_on = check (room, ST_WIRE_STEP_OPEN, kind->flag, fd);
        if (go_on)
          keep_fd (room, fd);
      }
}

static bool
enter (Room       *room,
       StKindIndex index,
       int         fd)
{
  const StKind *kind = &st_kinds[index];
  const StKind *actual = NULL;
  struct stat status;
  uint64_t here;
  int result = st_system_get_kind (fd, &actual);
  if (result == 0 && actual != kind)
    result = -EINVAL;
  if (!check (room, ST_WIRE_STEP_ENTER, kind->flag, result))
    return false;
  /* Who is there already needs no permission to go there. */
  if (fstat (fd, &status) == 0 && st_system_current_inode (kind, &here) == 0 && here == status.st_ino)
    return true;
  room->refused = fd;
  return check (room, ST_WIRE_STEP_ENTER, kind->flag, st_system_enter (fd, kind));
}

static void
create_socket (void *data)
{
  Room *room = data;
  const StWireSocket *order = &room->request->record.socket;
  if (!enter (room, ST_KIND_NET, room->request->fds[1]))
    return;
  int fd = socket (order->family, order->type | SOCK_CLOEXEC, order->protocol);
  if (check (room, ST_WIRE_STEP_SOCKET, 0, fd < 0 ? -errno : fd))
    keep_fd (room, fd);
}

static void
open_tap (void *data)
{
  Room *room = data;
  if (!enter (room, ST_KIND_NET, room->request->fds[1]))
    return;
  int fd = st_tap_open ();
  if (check (room, ST_WIRE_STEP_TAP, 0, fd))
    keep_fd (room, fd);
}

static bool
keep_if_opened (Room *room,
                int   fd)
{
  if (!check (room, ST_WIRE_STEP_ROOT, 0, fd))
    return false;
  keep_fd (room, fd);
  return true;
}

/* The /proc inside may be somebody else's, or not be there: ours knows the child. */
static void
open_root (void *data)
{
  Room *room = data;
  int proc = st_view_open_proc ();
  if (check (room, ST_WIRE_STEP_ROOT, 0, proc) && enter (room, ST_KIND_MNT, room->request->fds[1]) &&
      keep_if_opened (room, st_view_open_root ()))
    keep_if_opened (room, st_mount_table_open (proc));
  if (proc >= 0)
    close (proc);
}

/* As in the mounting methods of StTransientMntns. */
static bool
check_place (Room       *room,
             const char *path,
             bool        follow)
{
  int shared = st_mount_is_shared (path, follow);
  return check (room, ST_WIRE_STEP_MOUNT, 0, shared) && check (room, ST_WIRE_STEP_SHARED, 0, shared ? -EXDEV : 0);
}

static bool
check_absolute (Room       *room,
                const char *path)
{
  return check (room, ST_WIRE_STEP_UNDERSTAND, 0, path[0] == '/' ? 0 : -EINVAL);
}

static void
do_mount (void *data)
{
  Room *room = data;
  const StWireMount *order = &room->request->record.mount;
  if ((order->what == ST_WIRE_MOUNT_SYSFS && !enter (room, ST_KIND_NET, room->request->fds[2])) ||
      !enter (room, ST_KIND_MNT, room->request->fds[1]))
    return;
  switch ((StWireMountWhat) order->what)
    {
    case ST_WIRE_MOUNT_PROC:
      if (check_place (room, "/proc", true))
        check (room, ST_WIRE_STEP_MOUNT_PROC, 0, st_mount_proc ());
      break;
    case ST_WIRE_MOUNT_SYSFS:
      if (check_place (room, "/sys", true))
        check (room, ST_WIRE_STEP_MOUNT, 0, mount_or_cover_sysfs (&room->sysfs));
      break;
    case ST_WIRE_MOUNT_TMPFS:
      if (check_absolute (room, order->path) && check_place (room, order->path, true))
        check (room, ST_WIRE_STEP_MOUNT, 0, st_mount_tmpfs (order->path, order->size));
      break;
    case ST_WIRE_MOUNT_OVERLAY:
      if (check_absolute (room, order->path) && check_place (room, order->path, false))
        check (room, ST_WIRE_STEP_MOUNT, 0, st_mount_overlay_file (order->path, room->content, (size_t) order->size));
      break;
    }
}

/* Too long for a record, maybe. */
static int
write_to_memory (const char *value,
                 size_t      length)
{
  int fd = memfd_create ("spacetest", MFD_CLOEXEC);
  int result = fd < 0 ? -errno : st_system_write_all (fd, value, length);
  if (result < 0 && fd >= 0)
    close (fd);
  return result < 0 ? result : fd;
}

static int
read_sysctl (const char *name)
{
  char *value;
  size_t length;
  int result = st_proc_sys_read (name, &value, &length);
  if (result < 0)
    return result;
  result = write_to_memory (value, length);
  free (value);
  return result;
}

static void
use_sysctl (void *data)
{
  Room *room = data;
  const StWireSysctl *order = &room->request->record.sysctl;
  const StKind *kind = st_kind_for_flag (order->kind);
  if (!check (room, ST_WIRE_STEP_UNDERSTAND, 0, kind ? 0 : -EINVAL) || !enter (room, kind->index, room->request->fds[1]))
    return;
  int result = order->sets ? st_proc_sys_write (order->name, room->content, (size_t) order->size) : read_sysctl (order->name);
  if (check (room, ST_WIRE_STEP_SYSCTL, 0, result == -EROFS ? -EACCES : result) && !order->sets)
    keep_fd (room, result);
}

static void
answer (const Room  *room,
        const Reply *reply,
        uint32_t     kinds)
{
  if (room->result < 0)
    reply_failed (reply, room->step, room->kinds, room->result);
  else
    reply_done (reply, kinds, room->sysfs, room->fds, room->n_fds);
  for (size_t i = 0; i < room->n_fds; i++)
    close (room->fds[i]);
}

/* Has nothing but what it needs: to those inside it is one of them. If it may not join, the first refusal stays. */
static noreturn void
be_owner (Room        *room,
          int          owner,
          void       (*func) (void *data),
          const Reply *reply)
{
  int needed[3 + 1 + ST_WIRE_MAX_FDS] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, owner };
  const size_t n = room->request->n_fds;
  memcpy (needed + 4, room->request->fds, n * sizeof needed[0]);
  st_process_close_all_but (needed, 4 + n);
  if (st_system_enter (owner, &st_kinds[ST_KIND_USER]) == 0)
    {
      room->result = 0;
      func (room);
    }
  answer (room, reply, 0);
  _exit (EXIT_SUCCESS);
}

static bool
is_refused (const Room *room)
{
  return room->result == -EPERM && room->step == ST_WIRE_STEP_ENTER && room->n_fds == 0;
}

/* Who made a user namespace may do anything there, once he is in it. That takes a process of its own, as whoever shares memory with
 * one that is in there could be reached from inside. FALSE if there was none. */
static bool
run_as_owner (Room        *room,
              void       (*func) (void *data),
              const Reply *reply)
{
  int status = 0;
  int owner = st_system_open_owner (room->refused);
  if (owner < 0)
    return false;
  pid_t pid = st_child_fork (0);
  if (pid == 0)
    be_owner (room, owner, func, reply);
  close (owner);
  if (pid < 0)
    return false;
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  if (!WIFEXITED (status))
    reply_failed (reply, ST_WIRE_STEP_FORK, 0, -ECANCELED);
  return true;
}

/* @flags: namespaces that the child starts in. */
static void
run (Room        *room,
     uint32_t     flags,
     void       (*func) (void *data),
     const Reply *reply,
     uint32_t     kinds)
{
  int result = st_child_run (flags, func, room);
  if (result == -EAGAIN || result == -ENOMEM || result == -ECANCELED || (result < 0 && flags == 0))
    check (room, ST_WIRE_STEP_FORK, 0, result);
  else if (result < 0)
    check (room, ST_WIRE_STEP_CREATE, st_child_find_refused (flags), result);
  if (!is_refused (room) || !run_as_owner (room, func, reply))
    answer (room, reply, kinds);
}

void
room_make_space (const Service       *service,
                 const StWireMessage *request,
                 const Reply         *reply)
{
  Room room = { .request = request, .is_network_home = service->is_network_home };
  const uint32_t kinds = request->record.space.kinds;
  if (!kinds || kinds & ~KINDS || request->record.space.loopback_up > 1)
    reply_failed (reply, ST_WIRE_STEP_UNDERSTAND, kinds, -EINVAL);
  else
    run (&room, kinds & ~(uint32_t) CLONE_NEWTIME, furnish_space, reply, kinds);
}

void
room_make_socket (const StWireMessage *request,
                  const Reply         *reply)
{
  Room room = { .request = request };
  run (&room, 0, create_socket, reply, 0);
}

void
room_open_tap (const StWireMessage *request,
               const Reply         *reply)
{
  Room room = { .request = request };
  run (&room, 0, open_tap, reply, 0);
}

void
room_open_root (const StWireMessage *request,
                const Reply         *reply)
{
  Room room = { .request = request };
  run (&room, 0, open_root, reply, 0);
}

/* A regular file, so that nobody can make us wait. It may be changed while it is read, but never end the memory. */
static int
read_content (int    fd,
              size_t size,
              char  *content)
{
  struct stat status;
  if (fstat (fd, &status) < 0)
    return -errno;
  if (!S_ISREG (status.st_mode))
    return -EINVAL;
  for (size_t got = 0; got < size;)
    {
      ssize_t part = pread (fd, content + got, size - got, (off_t) got);
      if (part <= 0)
        return part < 0 ? -errno : -ENODATA;
      got += (size_t) part;
    }
  return 0;
}

/* Does something with the content that came along as the last descriptor. */
static void
run_with_content (Room        *room,
                  uint64_t     size,
                  StWireStep   step,
                  void       (*func) (void *data),
                  const Reply *reply)
{
  if (size > ST_WIRE_MAX_CONTENT)
    {
      reply_failed (reply, step, 0, -EFBIG);
      return;
    }
  char *content = mmap (NULL, (size_t) size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int result = content == MAP_FAILED ? -errno : read_content (room->request->fds[2], (size_t) size, content);
  room->content = content;
  if (result < 0)
    reply_failed (reply, step, 0, result);
  else
    run (room, 0, func, reply, 0);
  if (content != MAP_FAILED)
    munmap (content, (size_t) size + 1);
}

void
room_mount (const StWireMessage *request,
            const Reply         *reply)
{
  Room room = { .request = request };
  const StWireMount *order = &request->record.mount;
  if (order->what == ST_WIRE_MOUNT_OVERLAY)
    run_with_content (&room, order->size, ST_WIRE_STEP_MOUNT, do_mount, reply);
  else
    run (&room, 0, do_mount, reply, 0);
}

void
room_use_sysctl (const StWireMessage *request,
                 const Reply         *reply)
{
  Room room = { .request = request };
  const StWireSysctl *order = &request->record.sysctl;
  if (order->sets)
    run_with_content (&room, order->size, ST_WIRE_STEP_SYSCTL, use_sysctl, reply);
  else
    run (&room, 0, use_sysctl, reply, 0);
}
