/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

/* A program of tests that calls g_test_init(), not st_test_init(). */

static StVisit *
enter (void)
{
  g_autoptr (GError) error = NULL;
  StVisit *visit = st_enter_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  return visit;
}

static void
leave (StVisit *visit)
{
  g_autoptr (GError) error = NULL;
  st_visit_leave (visit, &error);
  g_assert_no_error (error);
  g_object_unref (visit);
}

static void
test_left (void)
{
  leave (enter ());
}

static void
test_dropped (void)
{
  g_autoptr (StVisit) visit = enter ();
}

static gpointer
visit_and_end (gpointer unused)
{
  g_object_unref (enter ());
  return NULL;
}

static void
test_dropped_by_thread (void)
{
  g_thread_join (g_thread_new ("visitor", visit_and_end, NULL));
}

static void
set_up (StVisit     **visit,
        gconstpointer data)
{
  *visit = enter ();
}

static void
test_nothing (StVisit     **visit,
              gconstpointer data)
{
}

static void
tear_down (StVisit     **visit,
           gconstpointer data)
{
  leave (*visit);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plain/left", test_left);
  g_test_add_func ("/plain/dropped", test_dropped);
  g_test_add_func ("/plain/dropped-by-thread", test_dropped_by_thread);
  g_test_add ("/plain/torn-down", StVisit *, NULL, set_up, test_nothing, tear_down);
  return g_test_run ();
}
