/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

#include <string.h>
#include <unistd.h>

/* A suite as users write it, with all that the helpers have. As it stands for everybody. */

#define ALL (ST_NAMESPACE_NET | ST_NAMESPACE_MNT | ST_NAMESPACE_UTS | ST_NAMESPACE_IPC | ST_NAMESPACE_CGROUP)

static char *home[2];

static char *
where (const char *kind)
{
  g_autofree char *path = g_build_filename ("/proc/thread-self/ns", kind, NULL);
  return g_file_read_link (path, NULL);
}

static gboolean
is_home (void)
{
  g_autofree char *net = where ("net"), *mnt = where ("mnt");
  return g_str_equal (net, home[0]) && g_str_equal (mnt, home[1]);
}

static void
test_enter (void)
{
  if (!st_test_require (ALL))
    return;
  {
    ST_TEST_ENTER (ALL);
    g_assert_false (is_home ());
    g_autoptr (GDir) interfaces = g_dir_open ("/sys/class/net", 0, NULL);
    const char *name = g_dir_read_name (interfaces);
    g_assert_true (!name || g_str_equal (name, "lo"));
    g_assert_null (name ? g_dir_read_name (interfaces) : NULL);
    g_clear_pointer (&interfaces, g_dir_close);
    st_test_assert_nothing_leaked ();
  }
  g_assert_true (is_home ());
  st_test_assert_nothing_leaked ();
}

static void
test_enter_twice (void)
{
  if (!st_test_require (ST_NAMESPACE_NET))
    return;
  ST_TEST_ENTER (ST_NAMESPACE_NET);
  g_autofree char *outer = where ("net");
  StSpace *outer_space = st_test_get_space ();
  {
    ST_TEST_ENTER (ST_NAMESPACE_NET);
    g_autofree char *inner = where ("net");
    g_assert_cmpstr (inner, !=, outer);
    g_assert_true (st_test_get_space () != outer_space);
    st_test_assert_nothing_leaked ();
  }
  g_autofree char *again = where ("net");
  g_assert_cmpstr (again, ==, outer);
  g_assert_true (st_test_get_space () == outer_space);
}

static void
test_space (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;
  g_assert_null (st_test_get_space ());
  if (!st_test_require (ST_NAMESPACE_MNT))
    return;
  ST_TEST_ENTER (ST_NAMESPACE_MNT);
  StNamespaceRef *mntns = st_space_get_ref (st_test_get_space (), ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) elsewhere = g_bytes_new_static ("elsewhere", 9);
  st_transient_mntns_overlay_file (ST_TRANSIENT_MNTNS (mntns), "/etc/passwd", elsewhere, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents ("/etc/passwd", &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "elsewhere");
}

static void
test_in (void)
{
  g_assert_false (is_home ());
  g_assert_nonnull (st_test_get_space ());
  st_test_assert_nothing_leaked ();
}

static StSpace *shared;
static guint n_shared;

static void
test_in_shared (void)
{
  g_assert_true (st_test_get_space () == shared);
  g_assert_false (is_home ());
  n_shared++;
}

static void
test_shared_twice (void)
{
  g_assert_cmpuint (n_shared, ==, shared ? 2 : 0);
  g_assert_true (is_home ());
}

typedef struct
{
  StVisit *visit;
  char *place;
} Fixture;

static void
set_up (Fixture      *fixture,
        gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpstr (data, ==, "data");
  g_assert_null (fixture->place);
  if (!st_test_require (ALL))
    return;
  fixture->visit = st_enter_transient (ALL, &error);
  g_assert_no_error (error);
  fixture->place = where ("net");
}

static void
test_with_fixture (Fixture      *fixture,
                   gconstpointer data)
{
  g_autofree char *here = where ("net");
  g_assert_true (!fixture->visit || g_str_equal (here, fixture->place));
}

static void
tear_down (Fixture      *fixture,
           gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  if (fixture->visit)
    st_visit_leave (fixture->visit, &error);
  g_assert_no_error (error);
  g_clear_object (&fixture->visit);
  g_free (fixture->place);
  st_test_assert_nothing_leaked ();
}

static gpointer
visit_on_thread (gpointer data)
{
  ST_TEST_ENTER (ST_NAMESPACE_NET);
  return where ("net");
}

static void
test_thread (void)
{
  if (!st_test_require (ST_NAMESPACE_NET))
    return;
  g_autofree char *there = g_thread_join (g_thread_new ("visitor", visit_on_thread, NULL));
  g_assert_cmpstr (there, !=, home[0]);
  g_assert_true (is_home ());
  st_test_assert_nothing_leaked ();
}

static void
test_references (void)
{
  g_autoptr (GError) error = NULL;
  if (!st_test_require (ST_NAMESPACE_NET))
    return;
  for (int i = 0; i < 300; i++) /* more than are remembered at once */
    {
      g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
      g_assert_no_error (error);
    }
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_clear_object (&space);
  st_test_assert_nothing_leaked ();
}

/* It is started here, and stays. */
static void
test_default_spacer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  st_test_assert_nothing_leaked ();
}

static void
test_subprocess (void)
{
  if (g_test_subprocess ())
    {
      if (st_test_require (ST_NAMESPACE_NET))
        {
          ST_TEST_ENTER (ST_NAMESPACE_NET);
          g_assert_false (is_home ());
        }
      exit (0);
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int    argc,
      char **argv)
{
  st_test_init (&argc, &argv, NULL);
  home[0] = where ("net");
  home[1] = where ("mnt");
  g_test_add_func ("/suite/enter", test_enter);
  g_test_add_func ("/suite/enter-twice", test_enter_twice);
  g_test_add_func ("/suite/space", test_space);
  g_test_add_func ("/suite/default-spacer", test_default_spacer);
  st_test_add ("/suite/fixture", Fixture, "data", set_up, test_with_fixture, tear_down);
  st_test_add_in ("/suite/in", ALL, test_in);
  shared = st_space_new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, NULL);
  if (shared)
    {
      st_test_add_in_space ("/suite/in-space/first", shared, test_in_shared);
      st_test_add_in_space ("/suite/in-space/second", shared, test_in_shared);
    }
  g_test_add_func ("/suite/in-space/twice", test_shared_twice);
  g_test_add_func ("/suite/references", test_references);
  g_test_add_func ("/suite/subprocess", test_subprocess);
  g_test_add_func ("/suite/thread", test_thread);
  int status = g_test_run ();
  g_clear_object (&shared);
  g_free (home[0]);
  g_free (home[1]);
  return status;
}
