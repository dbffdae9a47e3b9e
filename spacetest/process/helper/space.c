/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "space.h"

#include "room.h"
#include "st-kernel.h"
#include "st-mount-sysfs.h"
#include "st-mount.h"
#include "st-proc-sys.h"
#include "st-system.h"

#include <errno.h>
#include <unistd.h>

#define KINDS (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWTIME | CLONE_NEWUTS)

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

/* Where the kernel won't tell, home's is taken to be right. */
static int
correct_sysfs (const Room *room)
{
  if (room->request->record.space.kinds & CLONE_NEWNET)
    return st_mount_sysfs ();
  return st_mount_correct_sysfs (get_network_serial (), room->is_network_home);
}

static bool
furnish_mounts (Room *room)
{
  return room_check (room, ST_WIRE_STEP_PRIVATE, CLONE_NEWNS, st_mount_make_private ()) &&
         room_check (room, ST_WIRE_STEP_SYSFS, CLONE_NEWNS, room_note_sysfs (room, st_mount_unless_missing (correct_sysfs (room))));
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
                room_check (room, ST_WIRE_STEP_LOOPBACK, CLONE_NEWNET, st_system_loopback_up ())) &&
               (!(order->kinds & CLONE_NEWNS) || furnish_mounts (room)) &&
               (!(order->kinds & CLONE_NEWTIME) ||
                room_check (room, ST_WIRE_STEP_CREATE, CLONE_NEWTIME, st_system_unshare (&st_kinds[ST_KIND_TIME])));
  ST_FOREACH_KIND (kind)
    if (go_on && order->kinds & kind->flag)
      {
        int fd = st_system_open_new (kind);
        go_on = room_check (room, ST_WIRE_STEP_OPEN, kind->flag, fd);
        if (go_on)
          room_keep_fd (room, fd);
      }
}

void
space_make (const Service       *service,
            const StWireMessage *request,
            const Reply         *reply)
{
  Room room = { .request = request, .is_network_home = service->is_network_home };
  const uint32_t kinds = request->record.space.kinds;
  if (!kinds || kinds & ~KINDS || request->record.space.loopback_up > 1)
    reply_failed (reply, ST_WIRE_STEP_UNDERSTAND, kinds, -EINVAL);
  else
    room_run (&room, kinds & ~(uint32_t) CLONE_NEWTIME, furnish_space, reply, kinds);
}
