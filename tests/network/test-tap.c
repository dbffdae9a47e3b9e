/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Links with a descriptor at the other end. */
#include "link-support.h"

#include "refusals.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sched.h>

/* NULL after skipping the test: a matter of the machine's /dev. */
static StLink *
make_link (StLink *(*make) (StSpace *, const char *, GError **),
           gpointer   space,
           const char *name)
{
  g_autoptr (GError) error = NULL;
  StLink *made = make (space, name, &error);
  if (made)
    return made;
  const gboolean is_forbidden = access ("/dev/net/tun", R_OK | W_OK) < 0 && errno == EACCES;
  const int expected = is_forbidden ? ST_ERROR_PERMISSION_DENIED : ST_ERROR_NOT_SUPPORTED;
  g_assert_error (error, ST_ERROR, expected);
  g_assert_nonnull (strstr (error->message, "/dev/net/tun"));
  test_skip (error->message);
  return NULL;
}

static int
dup_fd (StLink *link)
{
  g_autoptr (GError) error = NULL;
  const int fd = st_link_dup_fd (link, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  return fd;
}

/* What is sent to a neighbour that it was told of comes out as a frame. */
static void
test_tap (void)
{
  g_autoptr (GError) error = NULL;
  guint8 frame[2000];
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) tap = make_link (st_link_new_tap, netns, NULL);
  if (!tap)
    return;
  assert_name (tap, "tap0");
  prepare_end (tap, "10.0.0.1/24");
  wait_for_end (tap);
  assert_done (st_link_add_neighbour (tap, "10.0.0.2", "02:00:00:00:00:02", &error));
  g_autoptr (GSocket) sender = make_socket (netns, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);
  g_autoptr (GSocketAddress) target = inet_address ("10.0.0.2", 4711);
  assert_done (g_socket_connect (sender, target, NULL, &error));
  assert_sent (sender, "hello");
  const int fd = dup_fd (tap);
  gssize size;
  do
    size = read (fd, frame, sizeof frame);
  while (size >= 14 && !(frame[12] == 0x08 && frame[13] == 0x00)); /* not that of IPv6, which talks by itself */
  g_assert_cmpint (size, >=, 14 + 20 + 8 + 5);
  g_assert_cmpmem (frame, 6, "\x02\0\0\0\0\x02", 6);
  g_assert_cmpmem (frame + 14 + 20 + 8, 5, "hello", 5);
  close (fd);
  close_socket (sender);
}

/* Lives as long as its descriptor. */
static void
test_life (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  StLink *tun = make_link (st_link_new_tun, netns, "way-out");
  if (!tun)
    return;
  const int fd = dup_fd (tun);
  test_assert_not_made (st_link_new_tun (ST_SPACE (netns), "way-out", &error), error, ST_ERROR_EXISTS, "\"way-out\"");
  test_assert_not_made (st_link_new_tap (ST_SPACE (netns), "lo", &error), error, ST_ERROR_EXISTS, "\"lo\"");
  test_assert_not_made (st_link_new_tap (ST_SPACE (netns), "a/b", &error), error, ST_ERROR_INVALID_ARGUMENT, "a/b");
  g_object_unref (tun);
  assert_there_are (netns, "lo way-out ");
  close (fd);
  assert_there_are (netns, "lo ");
  g_autoptr (StLink) another = make_link (st_link_new_tap, netns, NULL);
  assert_done (st_link_delete (another, &error));
  assert_there_are (netns, "lo ");
}

static guint16
sum_up (const guint8 *bytes,
        gsize         size)
{
  guint32 sum = 0;
  for (gsize i = 0; i < size; i += 2)
    sum += (guint32) bytes[i] << 8 | bytes[i + 1];
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return (guint16) ~sum;
}

/* A datagram from 10.0.0.2 that is written to the descriptor is received inside. */
static void
assert_comes_in (StLink *tun,
                 gpointer netns)
{
  guint8 packet[20 + 8 + 5] = { 0x45, 0, 0, sizeof packet, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1,
                                0x12, 0x67, 0x12, 0x67, 0, 8 + 5, 0, 0, 'h', 'e', 'l', 'l', 'o' };
  char got[16];
  g_autoptr (GError) error = NULL;
  const guint16 sum = sum_up (packet, 20);
  packet[10] = (guint8) (sum >> 8);
  packet[11] = (guint8) sum;
  g_autoptr (GSocket) receiver = make_socket (netns, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);
  g_autoptr (GSocketAddress) address = inet_address ("10.0.0.1", 4711);
  assert_done (g_socket_bind (receiver, address, FALSE, &error));
  const int fd = dup_fd (tun);
  g_assert_cmpint (write (fd, packet, sizeof packet), ==, sizeof packet);
  const gssize size = g_socket_receive (receiver, got, sizeof got, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (got, size, "hello", 5);
  close (fd);
  close_socket (receiver);
}

static void
test_way_in (void)
{
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) tun = make_link (st_link_new_tun, netns, NULL);
  if (!tun)
    return;
  prepare_end (tun, "10.0.0.1/24");
  wait_for_end (tun);
  assert_comes_in (tun, netns);
}

/* In a user namespace of a user namespace. */
static void
test_below (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) outer = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) inner = st_spacer_create_subspace (outer, ST_NAMESPACE_USER, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) netns = st_spacer_create_space (inner, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StLink) tun = make_link (st_link_new_tun, netns, NULL);
  if (tun)
    {
      prepare_end (tun, "10.0.0.1/24");
      wait_for_end (tun);
      assert_comes_in (tun, netns);
    }
  st_spacer_close (inner);
  st_spacer_close (outer);
  st_spacer_close (spacer);
}

static void
test_no_descriptor (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StLink) lo = find_link (home, "lo");
  g_autoptr (StLink) unmade = g_object_new (ST_TYPE_LINK, NULL);
  g_assert_cmpint (st_link_dup_fd (lo, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "\"lo\"");
  g_assert_cmpint (st_link_dup_fd (unmade, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
}

static void
refuse_device (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  refusal_become_root (CLONE_NEWNS | CLONE_NEWNET);
  g_autoptr (StNamespaceRef) here = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  refusal_cover ("/dev");
  test_assert_not_made (st_link_new_tap (ST_SPACE (here), NULL, &error), error, ST_ERROR_NOT_SUPPORTED, "no such device");
  g_assert_no_errno (g_mkdir ("/dev/net", 0755));
  const int file = creat ("/dev/net/tun", 0);
  g_assert_no_errno (file);
  close (file);
  test_drop_capabilities ();
  test_assert_not_made (st_link_new_tun (ST_SPACE (here), NULL, &error), error, ST_ERROR_PERMISSION_DENIED, "this user may not open it");
}

/* Which it is, and what it lacks. */
static void
test_refused_device (void)
{
  test_in_child (refuse_device, NULL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  start_default_spacer ();
  test_add ("/tap/tap", test_tap);
  test_add ("/tap/life", test_life);
  test_add ("/tap/refused-device", test_refused_device);
  test_add ("/tap/way-in", test_way_in);
  test_add ("/tap/below", test_below);
  test_add ("/tap/no-descriptor", test_no_descriptor);
  return g_test_run ();
}
