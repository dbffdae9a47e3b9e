/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "errand.h"

#include "room.h"
#include "st-mount-overlay.h"
#include "st-mount-sysfs.h"
#include "st-mount-table.h"
#include "st-mount.h"
#include "st-proc-sys.h"
#include "st-system.h"
#include "st-tap.h"
#include "st-view.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void
create_socket (void *data)
{
  Room *room = data;
  const StWireSocket *order = &room->request->record.socket;
  if (!room_enter (room, ST_KIND_NET, room->request->fds[1]))
    return;
  int fd = socket (order->family, order->type | SOCK_CLOEXEC, order->protocol);
  if (room_check (room, ST_WIRE_STEP_SOCKET, 0, fd < 0 ? -errno : fd))
    room_keep_fd (room, fd);
}

static void
open_tap (void *data)
{
  Room *room = data;
  if (!room_enter (room, ST_KIND_NET, room->request->fds[1]))
    return;
  int fd = st_tap_open ();
  if (room_check (room, ST_WIRE_STEP_TAP, 0, fd))
    room_keep_fd (room, fd);
}

static bool
keep_if_opened (Room *room,
                int   fd)
{
  if (!room_check (room, ST_WIRE_STEP_ROOT, 0, fd))
    return false;
  room_keep_fd (room, fd);
  return true;
}

/* The /proc inside may be somebody else's, or not be there: ours knows the child. */
static void
open_root (void *data)
{
  Room *room = data;
  int proc = st_view_open_proc ();
  if (room_check (room, ST_WIRE_STEP_ROOT, 0, proc) && room_enter (room, ST_KIND_MNT, room->request->fds[1]) &&
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
  return room_check (room, ST_WIRE_STEP_MOUNT, 0, shared) && room_check (room, ST_WIRE_STEP_SHARED, 0, shared ? -EXDEV : 0);
}

static bool
check_absolute (Room       *room,
                const char *path)
{
  return room_check (room, ST_WIRE_STEP_UNDERSTAND, 0, path[0] == '/' ? 0 : -EINVAL);
}

static void
do_mount (void *data)
{
  Room *room = data;
  const StWireMount *order = &room->request->record.mount;
  if ((order->what == ST_WIRE_MOUNT_SYSFS && !room_enter (room, ST_KIND_NET, room->request->fds[2])) ||
      !room_enter (room, ST_KIND_MNT, room->request->fds[1]))
    return;
  switch ((StWireMountWhat) order->what)
    {
    case ST_WIRE_MOUNT_PROC:
      if (check_place (room, "/proc", true))
        room_check (room, ST_WIRE_STEP_MOUNT_PROC, 0, st_mount_proc ());
      break;
    case ST_WIRE_MOUNT_SYSFS:
      if (check_place (room, "/sys", true))
        room_check (room, ST_WIRE_STEP_MOUNT, 0, room_note_sysfs (room, st_mount_sysfs ()));
      break;
    case ST_WIRE_MOUNT_TMPFS:
      if (check_absolute (room, order->path) && check_place (room, order->path, true))
        room_check (room, ST_WIRE_STEP_MOUNT, 0, st_mount_tmpfs (order->path, order->size));
      break;
    case ST_WIRE_MOUNT_OVERLAY:
      if (check_absolute (room, order->path) && check_place (room, order->path, false))
        room_check (room, ST_WIRE_STEP_MOUNT, 0, st_mount_overlay_file (order->path, room->content, (size_t) order->size));
      break;
    }
}

/* Too long for a record, maybe: in memory, then. */
static int
read_sysctl (const char *name)
{
  char *value;
  size_t length;
  int result = st_proc_sys_read (name, &value, &length);
  if (result < 0)
    return result;
  result = st_system_open_memory (value, length);
  free (value);
  return result;
}

static void
use_sysctl (void *data)
{
  Room *room = data;
  const StWireSysctl *order = &room->request->record.sysctl;
  const StKind *kind = st_kind_for_flag (order->kind);
  if (!room_check (room, ST_WIRE_STEP_UNDERSTAND, 0, kind ? 0 : -EINVAL) || !room_enter (room, kind->index, room->request->fds[1]))
    return;
  int result = order->sets ? st_proc_sys_write (order->name, room->content, (size_t) order->size) : read_sysctl (order->name);
  if (room_check (room, ST_WIRE_STEP_SYSCTL, 0, result == -EROFS ? -EACCES : result) && !order->sets)
    room_keep_fd (room, result);
}

static void
run (const StWireMessage *request,
     const Reply         *reply,
     void               (*func) (void *data))
{
  Room room = { .request = request };
  room_run (&room, 0, func, reply, 0);
}

void
errand_socket (const StWireMessage *request,
               const Reply         *reply)
{
  run (request, reply, create_socket);
}

void
errand_tap (const StWireMessage *request,
            const Reply         *reply)
{
  run (request, reply, open_tap);
}

void
errand_root (const StWireMessage *request,
             const Reply         *reply)
{
  run (request, reply, open_root);
}

void
errand_mount (const StWireMessage *request,
              const Reply         *reply)
{
  Room room = { .request = request };
  const StWireMount *order = &request->record.mount;
  if (order->what == ST_WIRE_MOUNT_OVERLAY)
    room_run_with_content (&room, order->size, ST_WIRE_STEP_MOUNT, do_mount, reply);
  else
    room_run (&room, 0, do_mount, reply, 0);
}

void
errand_sysctl (const StWireMessage *request,
               const Reply         *reply)
{
  Room room = { .request = request };
  const StWireSysctl *order = &request->record.sysctl;
  if (order->sets)
    room_run_with_content (&room, order->size, ST_WIRE_STEP_SYSCTL, use_sysctl, reply);
  else
    room_run (&room, 0, use_sysctl, reply, 0);
}
