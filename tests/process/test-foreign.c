/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "container-support.h"
#include "st-system.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* Namespaces that others made, in a user namespace that belongs to the caller. As root he goes there himself; as nobody the default
 * spacer does it for him, in a process that is thrown away. */

static const char furnish[] = "mount -t tmpfs none /mnt\n"
                              "mkdir /mnt/directory\n"
                              "echo hello >/mnt/directory/note\n"
                              "ln -s /mnt/directory /mnt/link\n";

/* The helper is where it was, and no child of it is where the foreign one is. */
static void
assert_no_helper_inside (const Foreign *foreign)
{
  g_autoptr (GError) error = NULL;
  if (test_is_privileged ())
    return;
  g_autoptr (StSpacer) spacer = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  const int pid = st_spacer_get_pid (spacer, &error);
  g_assert_no_error (error);
  /* Before it turns to the next request, it has seen the end of what did the last one. */
  g_assert_null (st_spacer_create_transient (spacer, ST_NAMESPACE_UTS, NULL, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "uts");
  g_autofree char *children = g_strdup_printf ("/proc/%d/task/%d/children", pid, pid);
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (children, &text, NULL, NULL));
  g_auto (GStrv) pids = g_strsplit (g_strstrip (text), " ", -1);
  g_autoptr (StNamespaceRef) inside = st_namespace_ref_new_for_pid (foreign->pid, ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) theirs = st_namespace_ref_new_for_pid (pid, ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) ours = st_namespace_ref_new_current (ST_NAMESPACE_USER, &error);
  g_assert_true (st_namespace_ref_equal (theirs, ours));
  for (char **child = pids; *child && **child; child++)
    {
      g_autoptr (StNamespaceRef) below = st_namespace_ref_new_for_pid (atoi (*child), ST_NAMESPACE_USER, &error);
      g_assert_no_error (error);
      g_assert_false (st_namespace_ref_equal (below, inside));
    }
}

static void
test_view (void)
{
  g_autoptr (GError) error = NULL;
  allow_spacer ();
  g_auto (Foreign) foreign = foreign_start ("--mount", furnish);
  g_autoptr (StNamespaceRef) mntns = st_namespace_ref_new_for_pid (foreign.pid, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_assert_false (st_namespace_ref_is_from_spacer (mntns));
  g_autoptr (StMountView) view = open_view (mntns);
  assert_no_helper_inside (&foreign);
  assert_file (view, "/mnt/link/note", "hello\n");
  g_auto (GStrv) names = st_mount_view_list (view, "/mnt", &error);
  g_assert_no_error (error);
  g_autofree char *joined = g_strjoinv (",", names);
  g_assert_cmpstr (joined, ==, "directory,link");
  g_autofree char *resolved = st_mount_view_resolve (view, "/mnt/link/../link/note", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (resolved, ==, "/mnt/directory/note");

  g_autoptr (GBytes) content = g_bytes_new_static ("new\n", 4);
  st_mount_view_replace (view, "/mnt/link/made", content, &error);
  g_assert_no_error (error);
  assert_file (view, "/mnt/directory/made", "new\n");
  g_assert_false (st_mount_view_replace (view, "/var/tmp/made", content, &error));
  g_assert_error (error, ST_ERROR, ST_ERROR_WOULD_TOUCH_HOST);
  g_assert_false (g_file_test ("/mnt/directory", G_FILE_TEST_EXISTS));
}

/* A user namespace in that of the caller's, and mounts in there: owned by him all the same. */
static void
test_deeper (void)
{
  g_autoptr (GError) error = NULL;
  allow_spacer ();
  g_auto (Foreign) foreign =
    foreign_start ("--mount", "exec unshare --user --map-root-user --mount sh -ec 'mount -t tmpfs none /srv; echo deep >/srv/note; echo up; read x'");
  g_autoptr (StNamespaceRef) mntns = st_namespace_ref_new_for_pid (foreign.pid, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (StMountView) view = open_view (mntns);
  assert_file (view, "/srv/note", "deep\n");
  assert_no_helper_inside (&foreign);
}

static void
test_socket (void)
{
  g_autoptr (GError) error = NULL;
  allow_spacer ();
  g_auto (Foreign) foreign = foreign_start ("--net", "");
  g_autoptr (StSpace) space = st_space_new_for_pid (foreign.pid, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("0.0.0.0", 80);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GSocket) socket =
        st_space_create_socket (space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
      g_assert_no_error (error);
      g_socket_bind (socket, address, FALSE, &error);
      g_assert_no_error (error);
    }
  g_autoptr (GSocket) netlink = st_space_create_netlink_socket (space, NETLINK_ROUTE, &error);
  g_assert_no_error (error);
  g_assert_null (st_space_create_netlink_socket (space, 9999, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  assert_no_helper_inside (&foreign);
}

static void
test_sysctl (void)
{
  g_autoptr (GError) error = NULL;
  allow_spacer ();
  g_auto (Foreign) foreign = foreign_start ("--net", "");
  g_autoptr (StSpace) space = st_space_new_for_pid (foreign.pid, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  st_space_set_sysctl (space, "net.ipv4.ip_default_ttl", "7", &error);
  g_assert_no_error (error);
  g_autofree char *value = st_space_get_sysctl (space, "net.ipv4.ip_default_ttl", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, "7");
}

/* To go there with the own thread is another matter. */
static void
test_no_visit (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  allow_spacer ();
  g_auto (Foreign) foreign = foreign_start ("--net", "");
  g_autoptr (StSpace) space = st_space_new_for_pid (foreign.pid, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_null (st_space_enter (space, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "net");
  g_assert_true (st_spacer_set_policy (ST_SPACER_POLICY_NEVER, NULL));
  g_assert_null (st_space_create_socket (space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "net");
}

static void
look_without_helper (gpointer pid)
{
  g_autoptr (GError) error = NULL;
  g_setenv ("SPACETEST_LIBEXECDIR", "/nowhere", TRUE);
  g_autoptr (StNamespaceRef) mntns = st_namespace_ref_new_for_pid (*(int *) pid, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (StMountView) view = st_mount_view_new (mntns, &error);
  test_assert_not_made (view, error, ST_ERROR_NOT_FOUND, "/nowhere/spacetest-helper");
}

static void
test_no_helper (void)
{
  if (!test_needs_no_privilege ())
    return;
  allow_spacer ();
  g_auto (Foreign) foreign = foreign_start ("--mount", furnish);
  test_in_child (look_without_helper, &foreign.pid);
}

/* Whether it is any use to ask a helper is known before one is started. */
static void
test_whose (void)
{
  g_auto (Foreign) foreign = foreign_start ("--net", "");
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) theirs = st_namespace_ref_new_for_pid (foreign.pid, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) ours = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_true (st_system_is_of_own_user (st_namespace_ref_peek_fd (theirs, NULL)));
  g_assert_false (st_system_is_of_own_user (st_namespace_ref_peek_fd (ours, NULL)));
  g_assert_false (st_system_is_of_own_user (-1));
  st_system_forget_thread (); /* of the copy that is linked to the test */
}

static void
look_after_its_end (gpointer pid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) mntns = st_namespace_ref_new_for_pid (*(int *) pid, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (StMountView) first = open_view (mntns);
  g_autoptr (StSpacer) spacer = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  st_spacer_close (spacer);
  assert_file (first, "/mnt/link/note", "hello\n");
  g_autoptr (StMountView) second = open_view (mntns);
  assert_file (second, "/mnt/link/note", "hello\n");
}

/* The next one is asked then; an open view needs none. */
static void
test_helper_ends (void)
{
  if (!test_needs_no_privilege ())
    return;
  allow_spacer ();
  g_auto (Foreign) foreign = foreign_start ("--mount", furnish);
  test_in_child (look_after_its_end, &foreign.pid);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/foreign/SBOX-03/view", test_view);
  test_add ("/foreign/deeper", test_deeper);
  test_add ("/foreign/socket", test_socket);
  test_add ("/foreign/sysctl", test_sysctl);
  test_add ("/foreign/no-visit", test_no_visit);
  test_add ("/foreign/SBOX-01/no-helper", test_no_helper);
  test_add ("/foreign/whose", test_whose);
  test_add ("/foreign/helper-ends", test_helper_ends);
  return g_test_run ();
}
