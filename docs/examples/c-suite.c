/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What the guide to C test suites shows. */
#include <spacetest/spacetest.h>

#include <string.h>
#include <unistd.h>

static void
test_port_80 (void)
{
  ST_TEST_ENTER (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);

  /* Port 80 is free, whatever runs on this machine. */
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketListener) server = g_socket_listener_new ();
  g_socket_listener_add_inet_port (server, 80, NULL, &error);
  g_assert_no_error (error);
}

static void
test_optional (void)
{
  if (!st_test_require (ST_NAMESPACE_NET))
    return;
  ST_TEST_ENTER (ST_NAMESPACE_NET);
}

static void
test_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *seen = NULL;
  ST_TEST_ENTER (ST_NAMESPACE_MNT);
  StNamespaceRef *mntns = st_space_get_ref (st_test_get_space (), ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) content = g_bytes_new_static ("blue\n", 5);
  st_transient_mntns_overlay_file (ST_TRANSIENT_MNTNS (mntns), "/etc/hostname", content, &error);
  g_assert_no_error (error);
  g_file_get_contents ("/etc/hostname", &seen, NULL, &error);
  g_assert_cmpstr (seen, ==, "blue\n");
}

static void
test_packets (void)
{
  g_autoptr (GError) error = NULL;
  if (!st_test_require (ST_NAMESPACE_NET))
    return;
  g_autoptr (StTransientNetns) netns = st_transient_netns_new (&error);
  g_assert_no_error (error);
  ST_TEST_CAPTURE (ST_SPACE (netns), NULL);
}

typedef struct
{
  StVisit *visit;
} Fixture;

static void
set_up (Fixture      *fixture,
        gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fixture->visit = st_enter_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
}

static void
test_host_name (Fixture      *fixture,
                gconstpointer data)
{
  char name[64];
  g_assert_no_errno (sethostname ("blue", strlen ("blue")));
  g_assert_no_errno (gethostname (name, sizeof name));
  g_assert_cmpstr (name, ==, "blue");
}

static void
tear_down (Fixture      *fixture,
           gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_visit_leave (fixture->visit, &error));
  g_clear_object (&fixture->visit);
  st_test_assert_nothing_leaked ();
}

static void
test_alone (void)
{
  g_assert_cmpint (getuid (), ==, 0);
  g_assert_cmpint (getpid (), <, 10); /* whoever else runs on this machine */
}

static void
test_quietly (void)
{
  g_assert_nonnull (st_test_get_space ());
}

int
main (int    argc,
      char **argv)
{
  st_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/port-80", test_port_80);
  g_test_add_func ("/server/optional", test_optional);
  g_test_add_func ("/server/packets", test_packets);
  g_test_add_func ("/server/files", test_files);
  st_test_add ("/server/host-name", Fixture, NULL, set_up, test_host_name, tear_down);
  st_test_add_in ("/server/quietly", ST_NAMESPACE_NET, test_quietly);
  st_test_add_in ("/server/alone", ST_NAMESPACE_USER | ST_NAMESPACE_PID, test_alone);
  return g_test_run ();
}
