/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <gio/gio.h>
#include <string.h>

#define LOCALHOST "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"

static char *
read_inside (StTransientMntns *mntns,
             const char       *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) content = st_mount_view_load (view, path, &error);
  g_assert_no_error (error);
  return g_strndup (g_bytes_get_data (content, NULL), g_bytes_get_size (content));
}

#define assert_inside(mntns, path, expected)                                    G_STMT_START                                                                  {                                                                               g_autofree char *content_ = read_inside (mntns, path);                        g_assert_cmpstr (content_, ==, expected);                                   }                                                                             G_STMT_END

static void
cover (StTransientMntns *mntns,
       const char       *path,
       const char       *content)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static (content, strlen (content));
  g_assert_true (st_transient_mntns_overlay_file (mntns, path, bytes, &error));
  g_assert_no_error (error);
}

static void
set_hosts (StTransientMntns *mntns,
           const char      **hosts)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_transient_mntns_set_hosts (mntns, hosts, &error));
  g_assert_no_error (error);
}

static void
test_hosts (void)
{
  const char *hosts[] = { "10.0.0.1 alice", "10.0.0.2\tbob   bob.example ", " fd00::1 alice", "fe80::1%eth0 link", NULL };
  const char *none[] = { NULL };
  if (!test_needs_spaces ())
    return;
  g_autofree char *before = NULL, *after = NULL;
  g_assert_true (g_file_get_contents ("/etc/hosts", &before, NULL, NULL));
  g_autoptr (StTransientMntns) mntns = test_new_mntns ();
  set_hosts (mntns, hosts);
  assert_inside (mntns, "/etc/hosts", LOCALHOST "10.0.0.1 alice\n10.0.0.2 bob bob.example\nfd00::1 alice\nfe80::1%eth0 link\n");
  set_hosts (mntns, none);
  assert_inside (mntns, "/etc/hosts", LOCALHOST);
  g_assert_true (g_file_get_contents ("/etc/hosts", &after, NULL, NULL));
  g_assert_cmpstr (before, ==, after);
}

static void
test_name_servers (void)
{
  const char *servers[] = { "10.0.0.1", "fd00::1", "fe80::1%eth0", NULL };
  const char *none[] = { NULL };
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientMntns) mntns = test_new_mntns ();
  g_assert_true (st_transient_mntns_set_name_servers (mntns, servers, &error));
  g_assert_no_error (error);
  assert_inside (mntns, "/etc/resolv.conf", "nameserver 10.0.0.1\nnameserver fd00::1\nnameserver fe80::1%eth0\n");
  g_assert_true (st_transient_mntns_set_name_servers (mntns, none, &error));
  assert_inside (mntns, "/etc/resolv.conf", "");
}

/* Services that would ask outside are out of the way, all else is as it was. */
static void
test_sources (void)
{
  const char *hosts[] = { "10.0.0.1 alice", NULL };
  const char *const before = "passwd: files systemd\n# hosts: resolve\n hosts:  mymachines resolve [!UNAVAIL=return] files\nrpc: db\n";
  const char *const after = "passwd: files systemd\n# hosts: resolve\nhosts: files dns\nrpc: db\n";
  if (!test_needs_spaces ())
    return;
  for (int again = 0; again < 2; again++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StTransientMntns) mntns = test_new_mntns ();
      cover (mntns, "/etc/nsswitch.conf", before);
      if (again)
        g_assert_true (st_transient_mntns_set_name_servers (mntns, hosts + 1, &error));
      else
        set_hosts (mntns, hosts);
      assert_inside (mntns, "/etc/nsswitch.conf", after);
    }
}

/* Whoever answers from a cache is not to be found either; where there is no cache, nothing is made. */
static void
test_cache (void)
{
  g_autoptr (GError) error = NULL;
  const char *hosts[] = { "10.0.0.1 alice", NULL };
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientMntns) mntns = test_new_mntns ();
  g_assert_true (st_transient_mntns_mount_tmpfs (mntns, "/run", 0, &error));
  g_autofree char *root = st_transient_mntns_get_root_path (mntns, &error);
  g_autofree char *directory = g_build_filename (root, "run", "nscd", NULL);
  g_autofree char *entry = g_build_filename (directory, "socket", NULL);
  set_hosts (mntns, hosts);
  g_assert_false (g_file_test (directory, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  g_assert_true (g_file_set_contents (entry, "", 0, NULL));
  set_hosts (mntns, hosts);
  g_assert_true (g_file_test (directory, G_FILE_TEST_IS_DIR));
  g_assert_false (g_file_test (entry, G_FILE_TEST_EXISTS));
}

static void
test_bad_hosts (void)
{
  const char *const bad[] = { "", " ", "10.0.0.1", "10.0.0.1 ", "alice 10.0.0.1", "10.0.0 alice", "10.0.0.256 alice", "10.0.0.1/24 alice",
                              "10.0.0.1 a#b", "10.0.0.1 alice\n10.0.0.2 bob", "10.0.0.1\nalice", "10.0.0.1%eth0 alice", "fe80::1% alice",
                              "fe80::1%a#b alice", "# comment", "10.0.0.1 \x01" };
  if (!test_needs_spaces ())
    return;
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autoptr (StTransientMntns) mntns = test_new_mntns ();
  g_autofree char *before = read_inside (mntns, "/etc/hosts");
  for (gsize i = 0; i <= G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *hosts[] = { "10.0.0.1 good", i < G_N_ELEMENTS (bad) ? bad[i] : filler, NULL };
      g_assert_false (st_transient_mntns_set_hosts (mntns, hosts, &error));
      g_assert_cmpuint (strlen (error->message), <, 1000);
      test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "\"");
    }
  assert_inside (mntns, "/etc/hosts", before);
}

static void
test_bad_servers (void)
{
  const char *const bad[][5] = { { "alice" }, { "10.0.0.1", "" }, { "10.0.0.1 " }, { "10.0.0.1\nsearch example" }, { "::1%" }, { "0.0.0.0/0" },
                                 { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4" } };
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientMntns) mntns = test_new_mntns ();
  g_autofree char *before = read_inside (mntns, "/etc/resolv.conf");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (st_transient_mntns_set_name_servers (mntns, bad[i], &error));
      test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "\"");
    }
  assert_inside (mntns, "/etc/resolv.conf", before);
}

/* Not made anew on a file system that others see. */
static void
test_missing (void)
{
  const char *none[] = { NULL };
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientMntns) mntns = test_new_mntns ();
  g_assert_true (st_transient_mntns_mount_tmpfs (mntns, "/etc", 0, &error));
  g_assert_false (st_transient_mntns_set_hosts (mntns, none, &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "/etc/hosts");
  g_assert_false (st_transient_mntns_set_name_servers (mntns, none, &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "/etc/resolv.conf");

  g_autofree char *root = st_transient_mntns_get_root_path (mntns, &error);
  g_autofree char *path = g_build_filename (root, "etc", "hosts", NULL);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  set_hosts (mntns, none); /* there need not be an nsswitch.conf */
  assert_inside (mntns, "/etc/hosts", LOCALHOST);
}

static void
test_closed (void)
{
  const char *none[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientMntns) unmade = g_object_new (ST_TYPE_TRANSIENT_MNTNS, NULL);
  g_assert_false (st_transient_mntns_set_hosts (unmade, none, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  g_assert_false (st_transient_mntns_set_name_servers (unmade, none, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/hosts/hosts", test_hosts);
  test_add ("/hosts/name-servers", test_name_servers);
  test_add ("/hosts/sources", test_sources);
  test_add ("/hosts/cache", test_cache);
  test_add ("/hosts/bad-hosts", test_bad_hosts);
  test_add ("/hosts/bad-servers", test_bad_servers);
  test_add ("/hosts/missing", test_missing);
  test_add ("/hosts/closed", test_closed);
  return g_test_run ();
}
