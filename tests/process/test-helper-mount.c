/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"
#include "support.h"

#include "st-mount-sysfs.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <linux/magic.h>
#include <unistd.h>

typedef struct
{
  Maker maker;
  int mnt;
  int root;
} Room;

static void
room_start (Room *room)
{
  Request request;
  StWireMessage answer;
  maker_start (&room->maker);
  g_assert_cmpint (space_make (room->maker.connection, CLONE_NEWNS, &room->mnt), ==, 0);
  request_begin (&request, ST_WIRE_ROOT);
  st_wire_add_fd (&request.message, room->mnt);
  g_assert_true (request_do (&request, room->maker.connection, &answer));
  answer_assert_done (&answer, 0, 2);
  room->root = answer.fds[0];
  close (answer.fds[1]); /* the mount table */
  g_assert_cmpint (fcntl (room->root, F_GETFL) & O_PATH, ==, O_PATH);
}

static void
room_stop (Room *room)
{
  close (room->root);
  close (room->mnt);
  maker_stop (&room->maker);
}

static void
mount_in (Room           *room,
          StWireMountWhat what,
          const char     *path,
          guint64         size,
          int             extra,
          StWireMessage  *answer)
{
  Request request;
  request_begin (&request, ST_WIRE_MOUNT);
  st_wire_add_fd (&request.message, room->mnt);
  if (extra >= 0)
    st_wire_add_fd (&request.message, extra);
  request.message.record.mount.what = what;
  request.message.record.mount.size = size;
  g_strlcpy (request.message.record.mount.path, path, PATH_MAX);
  g_assert_true (request_do (&request, room->maker.connection, answer));
}

static struct statfs
look (Room       *room,
      const char *path)
{
  struct statfs status;
  int fd = openat (room->root, path, O_PATH | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (fstatfs (fd, &status));
  close (fd);
  return status;
}

static void
test_tmpfs (void)
{
  Room room;
  StWireMessage answer;
  room_start (&room);
  mount_in (&room, ST_WIRE_MOUNT_TMPFS, "/var", 65536, -1, &answer);
  answer_assert_done (&answer, 0, 0);
  const struct statfs there = look (&room, "var");
  g_assert_cmphex ((guint64) there.f_type, ==, TMPFS_MAGIC);
  g_assert_cmpuint (there.f_blocks * (guint64) there.f_bsize, ==, 65536);
  mount_in (&room, ST_WIRE_MOUNT_TMPFS, "/nowhere", 0, -1, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_MOUNT, 0, ENOENT);
  mount_in (&room, ST_WIRE_MOUNT_TMPFS, "var", 0, -1, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_UNDERSTAND, 0, EINVAL);
  room_stop (&room);
}

/* Of the PID namespace of the helper, by who is root of that. */
static void
test_proc (void)
{
  Room room;
  Subspace subspace;
  StWireMessage answer;
  room_start (&room);
  subspace_make (&subspace, room.maker.connection, CLONE_NEWUSER | CLONE_NEWPID);
  const int connection = room.maker.connection, mnt = room.mnt;
  room.maker.connection = subspace.connection;
  room.mnt = subspace.fds[ST_KIND_MNT];
  for (int i = 0; i < 2; i++)
    {
      mount_in (&room, ST_WIRE_MOUNT_PROC, "", 0, -1, &answer);
      answer_assert_done (&answer, 0, 0);
    }
  room.maker.connection = connection;
  room.mnt = mnt;
  subspace_close (&subspace);
  room_stop (&room);
}

static void
test_sysfs (void)
{
  Room room;
  StWireMessage answer;
  struct stat status;
  int network;
  room_start (&room);
  g_assert_cmpint (space_make (room.maker.connection, CLONE_NEWNET, &network), ==, 0);
  mount_in (&room, ST_WIRE_MOUNT_SYSFS, "", 0, network, &answer);
  answer_assert_done (&answer, 0, 0);
  g_assert_cmpuint (answer.record.done.sysfs, ==, ST_MOUNT_SYSFS_FRESH);
  g_assert_no_errno (fstatat (room.root, "sys/class/net/lo", &status, 0));
  g_assert_cmpint (fstatat (room.root, "sys/class/net/eth0", &status, 0), ==, -1);
  close (network);
  room_stop (&room);
}

/* Made together: /sys is of the new network. Alone, at home: it is as it was. */
static void
test_sysfs_of_space (void)
{
  Maker maker;
  Request request;
  StWireMessage answer;
  maker_start (&maker);
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = CLONE_NEWNS | CLONE_NEWNET;
  g_assert_true (request_do (&request, maker.connection, &answer));
  answer_assert_done (&answer, CLONE_NEWNS | CLONE_NEWNET, 2);
  g_assert_cmpuint (answer.record.done.sysfs, !=, ST_MOUNT_SYSFS_KEPT);
  st_wire_close_fds (&answer);
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = CLONE_NEWNS;
  g_assert_true (request_do (&request, maker.connection, &answer));
  answer_assert_done (&answer, CLONE_NEWNS, 1);
  if (!test_is_privileged () || test_is_real_root ()) /* else we are in a network already that /sys does not show */
    g_assert_cmpuint (answer.record.done.sysfs, ==, ST_MOUNT_SYSFS_KEPT);
  st_wire_close_fds (&answer);
  maker_stop (&maker);
}

static void
assert_content (Room       *room,
                const char *path,
                const char *expected)
{
  char text[64] = "";
  int fd = openat (room->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (read (fd, text, sizeof text - 1), ==, strlen (expected));
  g_assert_cmpstr (text, ==, expected);
  close (fd);
}

static void
test_overlay (void)
{
  Room room;
  StWireMessage answer;
  int content = memfd_create ("content", MFD_CLOEXEC);
  g_assert_cmpint (write (content, "10.0.0.1 server\n", 16), ==, 16);
  room_start (&room);
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc/hosts", 16, content, &answer);
  answer_assert_done (&answer, 0, 0);
  assert_content (&room, "etc/hosts", "10.0.0.1 server\n");
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc/passwd", 0, content, &answer);
  answer_assert_done (&answer, 0, 0);
  assert_content (&room, "etc/passwd", "");
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc/hosts", 17, content, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_MOUNT, 0, ENODATA);
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc/hosts", G_MAXUINT64, content, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_MOUNT, 0, EFBIG);
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc/nowhere", 16, content, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_MOUNT, 0, ENOENT);
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc", 16, content, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_MOUNT, 0, EISDIR);
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc/hosts", 16, room.maker.connection, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_MOUNT, 0, EINVAL); /* one could wait for it for ever */
  assert_content (&room, "etc/hosts", "10.0.0.1 server\n");
  wait_for_fds (room.maker.pid, room.maker.n_fds);
  close (content);
  room_stop (&room);
}

static void
share_all (gpointer data)
{
  const Room *room = data;
  if (room->maker.is_in_subspace)
    g_assert_no_errno (setns (room->maker.subspace.fds[ST_KIND_USER], CLONE_NEWUSER));
  g_assert_no_errno (setns (room->mnt, CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
}

/* Others could see it. */
static void
test_shared (void)
{
  Room room;
  StWireMessage answer;
  int network;
  int content = memfd_create ("content", MFD_CLOEXEC);
  room_start (&room);
  g_assert_cmpint (space_make (room.maker.connection, CLONE_NEWNET, &network), ==, 0);
  test_in_child (share_all, &room);
  mount_in (&room, ST_WIRE_MOUNT_TMPFS, "/var", 0, -1, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_SHARED, 0, EXDEV);
  mount_in (&room, ST_WIRE_MOUNT_PROC, "", 0, -1, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_SHARED, 0, EXDEV);
  mount_in (&room, ST_WIRE_MOUNT_SYSFS, "", 0, network, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_SHARED, 0, EXDEV);
  mount_in (&room, ST_WIRE_MOUNT_OVERLAY, "/etc/hosts", 0, content, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_SHARED, 0, EXDEV);
  close (content);
  close (network);
  room_stop (&room);
}

static void
test_no_namespace (void)
{
  Room room;
  StWireMessage answer;
  Request request;
  room_start (&room);
  int file = open ("/dev/null", O_RDONLY | O_CLOEXEC), mnt = room.mnt;
  int uts = st_system_open_current (&st_kinds[ST_KIND_UTS]);
  room.mnt = file;
  mount_in (&room, ST_WIRE_MOUNT_TMPFS, "/var", 0, -1, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_ENTER, CLONE_NEWNS, ENOTTY);
  room.mnt = uts;
  mount_in (&room, ST_WIRE_MOUNT_TMPFS, "/var", 0, -1, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_ENTER, CLONE_NEWNS, EINVAL);
  request_begin (&request, ST_WIRE_ROOT);
  st_wire_add_fd (&request.message, file);
  g_assert_true (request_do (&request, room.maker.connection, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_ENTER, CLONE_NEWNS, ENOTTY);
  room.mnt = mnt;
  close (uts);
  close (file);
  room_stop (&room);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  st_system_thread_pidfd (); /* stays */
  test_add ("/helper-mount/no-namespace", test_no_namespace);
  test_add ("/helper-mount/overlay", test_overlay);
  test_add ("/helper-mount/proc", test_proc);
  test_add ("/helper-mount/shared", test_shared);
  test_add ("/helper-mount/sysfs", test_sysfs);
  test_add ("/helper-mount/sysfs-of-space", test_sysfs_of_space);
  test_add ("/helper-mount/tmpfs", test_tmpfs);
  return g_test_run ();
}
