/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include "st-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  int near;
  int far;
} Ends;

static void
ends_open (Ends *ends)
{
  int sockets[2];
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  ends->near = sockets[0];
  ends->far = sockets[1];
}

static void
ends_close (Ends *ends)
{
  close (ends->near);
  close (ends->far);
}

static int
open_namespace (const char *kind)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/ns/%s", kind);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  return fd;
}

/* Sends what may be no record at all. */
static void
send_raw (int         socket,
          const void *data,
          gsize       size,
          const int  *fds,
          gsize       n_fds)
{
  union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int) * 64)];
  } rights = { 0 };
  struct iovec part = { (void *) (guintptr) data, size };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  if (n_fds > 0)
    {
      message.msg_control = &rights;
      message.msg_controllen = CMSG_SPACE (sizeof (int) * n_fds);
      rights.header = (struct cmsghdr){ CMSG_LEN (sizeof (int) * n_fds), SOL_SOCKET, SCM_RIGHTS };
      memcpy (CMSG_DATA (&rights.header), fds, sizeof (int) * n_fds);
    }
  g_assert_cmpint (sendmsg (socket, &message, 0), ==, size);
}

static const guint six = CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | 0x80 | CLONE_NEWUTS;

/* API-01, API-03: descriptors come out in the order of the table of kinds, as other numbers of the same files. */
static void
test_round_trip (void)
{
  static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "time", "uts" };
  Ends ends;
  StWireMessage sent, got;
  ends_open (&ends);
  st_wire_begin (&sent, ST_WIRE_DONE, 7);
  sent.record.done.kinds = six;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    st_wire_add_fd (&sent, open_namespace (names[i]));
  g_assert_cmpint (st_wire_send (ends.near, &sent), ==, 0);
  g_assert_cmpint (st_wire_receive (ends.far, &got), ==, 1);
  g_assert_cmpmem (&got.record, sizeof (StWireDone), &sent.record, sizeof (StWireDone));
  g_assert_cmpuint (got.record.header.serial, ==, 7);
  g_assert_cmpuint (got.n_fds, ==, 6);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", got.fds[i]);
      g_autofree char *target = g_file_read_link (link, NULL);
      g_assert_true (g_str_has_prefix (target, names[i]));
      g_assert_cmpint (got.fds[i], !=, sent.fds[i]);
      g_assert_cmpint (fcntl (got.fds[i], F_GETFD), ==, FD_CLOEXEC);
    }
  int taken = st_wire_take_fd (&got, 2);
  st_wire_close_fds (&got);
  g_assert_cmpint (fcntl (taken, F_GETFD), ==, FD_CLOEXEC);
  close (taken);
  st_wire_close_fds (&sent);
  ends_close (&ends);
}

/* UDS-05: the open file is shared, not just the name. */
static void
test_same_file (void)
{
  Ends ends;
  StWireMessage sent, got;
  char text[8];
  ends_open (&ends);
  int file = memfd_create ("test", MFD_CLOEXEC);
  g_assert_cmpint (write (file, "content", 7), ==, 7);
  st_wire_begin (&sent, ST_WIRE_COMMAND, 0);
  st_wire_add_fd (&sent, file);
  g_assert_cmpint (st_wire_send (ends.near, &sent), ==, 0);
  g_assert_cmpint (st_wire_receive (ends.far, &got), ==, 1);
  g_assert_cmpint (read (got.fds[0], text, sizeof text), ==, 0);
  g_assert_cmpint (lseek (file, 0, SEEK_SET), ==, 0);
  g_assert_cmpint (read (got.fds[0], text, sizeof text), ==, 7);
  st_wire_close_fds (&got);
  st_wire_close_fds (&sent);
  ends_close (&ends);
}

/* Each is refused with an error of its own, leaves no descriptor, and the next record is read as if nothing had been. */
static void
check_refused (const void *data,
               gsize       size,
               gsize       n_fds,
               int         expected)
{
  Ends ends;
  StWireMessage message, next;
  int fds[64];
  ends_open (&ends);
  for (gsize i = 0; i < n_fds; i++)
    fds[i] = ends.near;
  send_raw (ends.near, data, size, fds, n_fds);
  st_wire_begin (&next, ST_WIRE_FAILED, 1);
  g_assert_cmpint (st_wire_send (ends.near, &next), ==, 0);
  g_assert_cmpint (st_wire_receive (ends.far, &message), ==, expected);
  g_assert_cmpuint (message.n_fds, ==, 0);
  g_assert_cmpint (st_wire_receive (ends.far, &message), ==, 1);
  ends_close (&ends);
}

static void
test_header (void)
{
  StWireMessage message;
  st_wire_begin (&message, ST_WIRE_SPACE, 1);
  const StWireSpace good = message.record.space;
  StWireSpace bad = good;
  bad.header.magic++;
  check_refused (&bad, sizeof bad, 1, -EPROTO);
  bad = good;
  bad.header.version++;
  check_refused (&bad, sizeof bad, 1, -EPROTONOSUPPORT);
  for (guint type = 0; type <= G_MAXUINT16; type += type <= ST_WIRE_FAILED ? 1 : 4369)
    if (type != ST_WIRE_SPACE && type != ST_WIRE_DONE) /* which could be of that shape */
      {
        bad = good;
        bad.header.type = (guint16) type;
        check_refused (&bad, sizeof bad, 1, -EPROTO);
      }
  bad = good;
  bad.header.size--;
  check_refused (&bad, sizeof bad, 1, -EPROTO);
  bad.header.size = G_MAXUINT32;
  check_refused (&bad, sizeof bad, 1, -EPROTO);
}

static void
test_sizes (void)
{
  StWireMessage message = { 0 };
  g_autofree char *big = g_malloc0 (sizeof (StWireRecord) + 1);
  st_wire_begin (&message, ST_WIRE_SPACE, 1);
  for (gsize size = 0; size < sizeof (StWireSpace); size++)
    check_refused (&message.record, size, 1, -EPROTO);
  check_refused (&message.record, sizeof (StWireSpace) + 1, 1, -EPROTO);
  memcpy (big, &message.record, sizeof (StWireSpace));
  check_refused (big, sizeof (StWireRecord) + 1, 1, -EPROTO);
  check_refused (big, 0, 0, -EPROTO); /* empty, but not the end */
}

/* API-02, API-04: with more or fewer descriptors than the record says, all are closed. */
static void
test_descriptor_counts (void)
{
  StWireMessage message;
  st_wire_begin (&message, ST_WIRE_SPACE, 1);
  check_refused (&message.record, sizeof (StWireSpace), 0, -EPROTO);
  check_refused (&message.record, sizeof (StWireSpace), 2, -EPROTO);
  check_refused (&message.record, sizeof (StWireSpace), ST_WIRE_MAX_FDS, -EPROTO);
  check_refused (&message.record, sizeof (StWireSpace), ST_WIRE_MAX_FDS + 1, -EPROTO);
  check_refused (&message.record, sizeof (StWireSpace), 64, -EPROTO);
  st_wire_begin (&message, ST_WIRE_DONE, 1);
  message.record.done.kinds = six;
  check_refused (&message.record, sizeof (StWireDone), 5, -EPROTO);
  message.record.done.kinds = 1;
  check_refused (&message.record, sizeof (StWireDone), 1, -EPROTO);
  st_wire_begin (&message, ST_WIRE_SUBSPACE, 1);
  check_refused (&message.record, sizeof (StWireSubspace), 3, -EPROTO);
  message.record.subspace.has_stdout = 1;
  message.record.subspace.has_stderr = 1;
  check_refused (&message.record, sizeof (StWireSubspace), 3, -EPROTO);
  message.record.subspace.has_stderr = G_MAXUINT32;
  check_refused (&message.record, sizeof (StWireSubspace), 2, -EPROTO);
  st_wire_begin (&message, ST_WIRE_JOIN, 1);
  message.record.join.kinds = six;
  message.record.join.has_guard = 1;
  check_refused (&message.record, sizeof (StWireJoin), 6, -EPROTO);
  st_wire_begin (&message, ST_WIRE_MOUNT, 1);
  check_refused (&message.record, sizeof (StWireMount), 3, -EPROTO);
  message.record.mount.what = ST_WIRE_MOUNT_OVERLAY;
  check_refused (&message.record, sizeof (StWireMount), 2, -EPROTO);
  message.record.mount.what = ST_WIRE_MOUNT_OVERLAY + 1;
  check_refused (&message.record, sizeof (StWireMount), 3, -EPROTO);
}

static void
test_strings (void)
{
  StWireMessage message;
  st_wire_begin (&message, ST_WIRE_MOUNT, 1);
  memset (message.record.mount.path, 'x', sizeof message.record.mount.path);
  check_refused (&message.record, sizeof (StWireMount), 2, -EPROTO);
  st_wire_begin (&message, ST_WIRE_SUBSPACE, 1);
  memset (message.record.subspace.host_name, 'x', sizeof message.record.subspace.host_name);
  check_refused (&message.record, sizeof (StWireSubspace), 2, -EPROTO);
}

/* The first of them may still have arrived: a request can be answered by it. */
static void
receive_without_room (gpointer unused)
{
  Ends ends;
  StWireMessage message;
  ends_open (&ends);
  const struct rlimit limit = { (rlim_t) MAX (ends.near, ends.far) + 2, (rlim_t) MAX (ends.near, ends.far) + 2 };
  const int fds[] = { ends.near, ends.near };
  st_wire_begin (&message, ST_WIRE_ROOT, 3);
  for (int round = 0; round < 2; round++)
    send_raw (ends.near, &message.record, sizeof (StWireRoot), fds, 2);
  while (dup (0) >= 0 && fcntl ((int) limit.rlim_cur - 1, F_GETFD) < 0)
    ;
  close ((int) limit.rlim_cur - 1);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
  g_assert_cmpint (st_wire_receive (ends.far, &message), ==, -EMFILE);
  g_assert_cmpuint (message.n_fds, ==, 0);
  g_assert_cmpint (st_wire_receive_any (ends.far, &message), ==, -EMFILE);
  g_assert_cmpuint (message.n_fds, ==, 1);
  g_assert_cmpuint (message.record.header.serial, ==, 3);
}

static void
test_no_room (void)
{
  test_in_child (receive_without_room, NULL);
}

static void
test_end (void)
{
  Ends ends;
  StWireMessage message;
  ends_open (&ends);
  st_wire_begin (&message, ST_WIRE_FAILED, 1);
  g_assert_cmpint (st_wire_send (ends.near, &message), ==, 0);
  g_assert_no_errno (shutdown (ends.near, SHUT_WR));
  g_assert_cmpint (st_wire_receive (ends.far, &message), ==, 1);
  g_assert_cmpint (st_wire_receive (ends.far, &message), ==, 0);
  g_assert_cmpint (st_wire_send (ends.far, &message), ==, 0); /* half-closed: the other way still works */
  close (ends.near);
  g_assert_cmpint (st_wire_send (ends.far, &message), ==, -EPIPE);
  close (ends.far);
}

/* UDS-06: nobody waits for room, or for what does not come. */
static void
test_no_waiting (void)
{
  Ends ends;
  StWireMessage message;
  int result;
  ends_open (&ends);
  st_wire_begin (&message, ST_WIRE_FAILED, 1);
  while ((result = st_wire_send_now (ends.near, &message)) == 0)
    ;
  g_assert_cmpint (result, ==, -EAGAIN);
  g_assert_no_errno (fcntl (ends.near, F_SETFL, O_NONBLOCK));
  g_assert_cmpint (st_wire_receive (ends.near, &message), ==, -EAGAIN);
  ends_close (&ends);
}

/* UDS-07: credentials that the receiver asked for itself are no descriptors. */
static void
test_credentials (void)
{
  Ends ends;
  StWireMessage message;
  const int on = 1;
  ends_open (&ends);
  g_assert_no_errno (setsockopt (ends.far, SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
  st_wire_begin (&message, ST_WIRE_FAILED, 1);
  g_assert_cmpint (st_wire_send (ends.near, &message), ==, 0);
  g_assert_cmpint (st_wire_receive (ends.far, &message), ==, 1);
  g_assert_cmpuint (message.n_fds, ==, 0);
  ends_close (&ends);
}

static void
check_no_socket (int fd,
                 int expected)
{
  g_assert_cmpint (st_wire_check_socket (fd), ==, expected);
  if (fd >= 0)
    close (fd);
}

static void
test_socket (void)
{
  Ends ends;
  ends_open (&ends);
  g_assert_cmpint (st_wire_check_socket (ends.near), ==, 0);
  ends_close (&ends);
  check_no_socket (-1, -EBADF);
  check_no_socket (open ("/dev/null", O_RDONLY | O_CLOEXEC), -ENOTSOCK);
  check_no_socket (socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), -EPROTOTYPE);
  check_no_socket (socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), -EPROTOTYPE);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/wire/API-01/API-03/round-trip", test_round_trip);
  test_add ("/wire/API-02/API-04/descriptor-counts", test_descriptor_counts);
  test_add ("/wire/UDS-01/UDS-02/UDS-03/UDS-04/socket", test_socket);
  test_add ("/wire/UDS-05/same-file", test_same_file);
  test_add ("/wire/UDS-06/no-waiting", test_no_waiting);
  test_add ("/wire/UDS-07/credentials", test_credentials);
  test_add ("/wire/end", test_end);
  test_add ("/wire/header", test_header);
  test_add ("/wire/no-room", test_no_room);
  test_add ("/wire/sizes", test_sizes);
  test_add ("/wire/strings", test_strings);
  return g_test_run ();
}
