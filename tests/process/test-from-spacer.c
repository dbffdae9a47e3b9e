/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <fcntl.h>
#include <unistd.h>

/* Namespaces that came from a spacer: what the caller may not do there, the spacer does. */

#define ALL                                                                                                                   \
  (ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_PID | ST_NAMESPACE_TIME | \
   ST_NAMESPACE_USER | ST_NAMESPACE_UTS)

static void
set_policy (StSpacerPolicy policy)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_spacer_set_policy (policy, &error));
  g_assert_no_error (error);
}

static void
start_default (void)
{
  g_autoptr (GError) error = NULL;
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StTransientNetns) first = st_transient_netns_new (&error);
  g_assert_no_error (error);
}

static void
test_policy (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_spacer_set_policy ((StSpacerPolicy) 7, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "7 is no policy");
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_assert_cmpint (st_spacer_get_policy (), ==, ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StTransientNetns) theirs = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_is_from_spacer (ST_NAMESPACE_REF (theirs)));

  set_policy (ST_SPACER_POLICY_AUTO);
  g_autoptr (StTransientNetns) either = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_is_from_spacer (ST_NAMESPACE_REF (either)) != test_is_privileged ());

  set_policy (ST_SPACER_POLICY_NEVER);
  g_autoptr (StTransientNetns) ours = st_transient_netns_new (&error);
  if (test_is_privileged ())
    g_assert_false (st_namespace_ref_is_from_spacer (ST_NAMESPACE_REF (ours)));
  else
    test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "net");
}

static void
test_set_of_all (void)
{
  g_autoptr (GError) error = NULL;
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StSpace) space = st_space_new_transient (ALL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_space_get_types (space), ==, ALL);
  StNamespaceRef *user = st_space_get_ref (space, ST_NAMESPACE_USER, &error);
  for (guint bit = 0; bit < 32; bit++)
    if (ALL & (1U << bit))
      {
        StNamespaceRef *ref = st_space_get_ref (space, (StNamespaceType) (1U << bit), &error);
        g_assert_no_error (error);
        g_assert_true (st_namespace_ref_is_from_spacer (ref));
        if (ref == user)
          continue;
        g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (ref, &error);
        g_assert_no_error (error);
        g_assert_true (st_namespace_ref_equal (owner, user));
      }
  g_assert_true (ST_IS_TRANSIENT_NETNS (st_space_get_ref (space, ST_NAMESPACE_NET, NULL)));
  g_assert_true (ST_IS_TRANSIENT_MNTNS (st_space_get_ref (space, ST_NAMESPACE_MNT, NULL)));
}

/* So that they can be connected. */
static void
test_one_owner (void)
{
  g_autoptr (GError) error = NULL;
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StTransientNetns) one = st_transient_netns_new (&error);
  g_autoptr (StTransientNetns) two = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) owner_of_one = st_namespace_ref_get_owner (ST_NAMESPACE_REF (one), &error);
  g_autoptr (StNamespaceRef) owner_of_two = st_namespace_ref_get_owner (ST_NAMESPACE_REF (two), &error);
  g_assert_no_error (error);
  g_assert_false (st_namespace_ref_equal (ST_NAMESPACE_REF (one), ST_NAMESPACE_REF (two)));
  g_assert_true (st_namespace_ref_equal (owner_of_one, owner_of_two));
}

static void
test_loopback (void)
{
  g_autoptr (GError) error = NULL;
  set_policy (ST_SPACER_POLICY_ALWAYS);
  for (int up = 0; up <= 1; up++)
    {
      g_autoptr (StTransientNetns) netns = g_initable_new (ST_TYPE_TRANSIENT_NETNS, NULL, &error, "loopback-up", up, NULL);
      g_assert_no_error (error);
      g_autoptr (GSocket) socket =
        st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
      g_assert_no_error (error);
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 53);
      const gboolean connected = g_socket_connect (socket, address, NULL, &error);
      g_assert_cmpint (connected, ==, up);
      g_clear_error (&error);
    }
}

static void
test_sockets (void)
{
  g_autoptr (GError) error = NULL;
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StTransientNetns) netns = st_transient_netns_new (&error);
  g_assert_no_error (error);
  const struct { GSocketType type; GSocketProtocol protocol; } kinds[] = {
    { G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP },
    { G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP },
    { G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT },
  };
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 80);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GSocket) socket =
        st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, kinds[i].type, kinds[i].protocol, &error);
      g_assert_no_error (error);
      g_assert_cmpint (g_socket_get_socket_type (socket), ==, kinds[i].type);
      g_assert_true (g_socket_bind (socket, address, TRUE, &error));
      g_assert_no_error (error);
    }
  g_autoptr (GSocket) netlink = st_space_create_netlink_socket (ST_SPACE (netns), 0, &error);
  g_assert_no_error (error);
  g_assert_null (st_space_create_netlink_socket (ST_SPACE (netns), 9999, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_mounts (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static ("192.0.2.1 there\n", 16);
  g_autoptr (GBytes) large = g_bytes_new_take (g_malloc0 (3 << 20), 3 << 20);
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_mount_tmpfs (mntns, "/mnt", 8 << 20, &error));
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_overlay_file (mntns, "/etc/passwd", content, &error));
  g_assert_no_error (error);

  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) passwd = st_mount_view_load (view, "/etc/passwd", &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (passwd, content));
  g_assert_true (st_mount_view_replace (view, "/mnt/large", large, &error));
  g_assert_no_error (error);
  g_autoptr (GBytes) again = st_mount_view_load (view, "/mnt/large", &error);
  g_assert_true (g_bytes_equal (again, large));

  /* The host's files stay the host's. */
  g_autofree char *seen = g_strdup_printf ("/tmp/spacetest-%d", getpid ());
  g_assert_false (st_mount_view_replace (view, seen, content, &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, seen);
  g_assert_false (g_file_test (seen, G_FILE_TEST_EXISTS));

  g_autofree char *root = st_transient_mntns_get_root_path (mntns, &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (root, "etc", "passwd", NULL);
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_cmpstr (text, ==, "192.0.2.1 there\n");
}

static void
test_mounts_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  g_autofree char *long_path = g_strnfill (6000, 'x');
  long_path[0] = '/';
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  g_assert_false (st_transient_mntns_mount_tmpfs (mntns, "/no/such/place", 0, &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "cannot mount tmpfs on /no/such/place: No such file or directory");
  g_assert_false (st_transient_mntns_overlay_file (mntns, "/no/such/file", content, &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "cannot mount an overlay on /no/such/file: No such file or directory");
  g_assert_false (st_transient_mntns_overlay_file (mntns, "/etc", content, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "cannot mount an overlay on /etc: Is a directory");
  g_assert_false (st_transient_mntns_mount_tmpfs (mntns, long_path, 0, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "cannot mount tmpfs on /xxx");
  if (test_is_real_root ()) /* who may mount any */
    return;
  g_assert_false (st_transient_mntns_mount_proc (mntns, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "run under \"spacetest run --pid\"");
}

/* The /sys of the set shows the network of the set. */
static void
test_sysfs (void)
{
  g_autoptr (GError) error = NULL;
  set_policy (ST_SPACER_POLICY_ALWAYS);
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_MNT | ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  StNamespaceRef *mntns = st_space_get_ref (space, ST_NAMESPACE_MNT, NULL);
  g_assert_cmpint (st_transient_mntns_get_sysfs (ST_TRANSIENT_MNTNS (mntns)), !=, ST_SYSFS_KEPT);
  g_autoptr (StMountView) view = st_mount_view_new (mntns, &error);
  g_assert_no_error (error);
  g_auto (GStrv) interfaces = st_mount_view_list (view, "/sys/class/net", &error);
  g_assert_no_error (error);
  for (char **name = interfaces; *name; name++)
    g_assert_cmpstr (*name, ==, "lo");
}

static void
test_no_visit (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  set_policy (ST_SPACER_POLICY_AUTO);
  g_autoptr (StTransientNetns) netns = st_transient_netns_new (&error);
  g_assert_no_error (error);
  test_assert_not_made (st_space_enter (ST_SPACE (netns), &error), error, ST_ERROR_PERMISSION_DENIED, "spacetest run");
  test_assert_not_made (st_enter_transient (ST_NAMESPACE_NET, &error), error, ST_ERROR_PERMISSION_DENIED, "spacetest run");
}

static void
test_after_spacer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) sub = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) netns = st_spacer_create_transient (sub, ST_NAMESPACE_NET, NULL, &error);
  g_autoptr (StNamespaceRef) mntns = st_spacer_create_transient (sub, ST_NAMESPACE_MNT, NULL, &error);
  g_assert_no_error (error);
  st_spacer_close (spacer);
  g_assert_false (st_namespace_ref_is_closed (netns));
  if (!test_needs_no_privilege ())
    return;
  test_assert_not_made (st_space_create_netlink_socket (ST_SPACE (netns), 0, &error), error, ST_ERROR_HELPER_FAILED, "closed");
  test_assert_not_made (st_mount_view_new (mntns, &error), error, ST_ERROR_HELPER_FAILED, "closed");
  g_assert_false (st_transient_mntns_mount_tmpfs (ST_TRANSIENT_MNTNS (mntns), "/mnt", 0, &error));
  test_assert_failed (error, ST_ERROR_HELPER_FAILED, "closed");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_start_and_wait_for_names (start_default);
  test_add ("/from-spacer/policy", test_policy);
  test_add ("/from-spacer/set-of-all", test_set_of_all);
  test_add ("/from-spacer/one-owner", test_one_owner);
  test_add ("/from-spacer/loopback", test_loopback);
  test_add ("/from-spacer/sockets", test_sockets);
  test_add ("/from-spacer/mounts", test_mounts);
  test_add ("/from-spacer/mounts-refused", test_mounts_refused);
  test_add ("/from-spacer/sysfs", test_sysfs);
  test_add ("/from-spacer/no-visit", test_no_visit);
  test_add ("/from-spacer/after-spacer", test_after_spacer);
  return g_test_run ();
}
