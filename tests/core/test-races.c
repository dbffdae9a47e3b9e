/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Races that the thread sanitizer is to see, for all that it is told of GLib (see checkers/): it looks away easily, and without a word. */

static guint unguarded;
static gboolean is_touched; /* atomic, and orders nothing else */

static gpointer
touch (gpointer unused)
{
  unguarded++;
  __atomic_store_n (&is_touched, TRUE, __ATOMIC_RELAXED);
  return NULL;
}

static void
wait_for_touch (void)
{
  while (!__atomic_load_n (&is_touched, __ATOMIC_RELAXED))
    g_thread_yield ();
}

static void
touch_on_two_threads (void)
{
  GThread *thread = g_thread_new ("toucher", touch, NULL);
  touch (NULL);
  g_thread_join (thread);
}

static void
assert_reported (const char *pattern)
{
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr (pattern);
}

static void
test_two_threads (void)
{
  if (g_test_subprocess ())
    touch_on_two_threads ();
  else
    assert_reported ("*data race*touch*");
}

static void
test_after_fork (void)
{
  if (!g_test_subprocess ())
    {
      assert_reported ("*data race*touch*");
      return;
    }
  const pid_t child = fork ();
  if (child == 0)
    _exit (EXIT_SUCCESS);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, NULL, 0)), ==, child);
  touch_on_two_threads ();
}

/* Of which there is a child that shares our memory. */
static void
test_after_probe (void)
{
  if (!g_test_subprocess ())
    {
      assert_reported ("*data race*touch*");
      return;
    }
  st_probe (ST_NAMESPACE_UTS, NULL, NULL);
  touch_on_two_threads ();
}

static gpointer
touch_memory (gpointer memory)
{
  *(guint *) memory = 1;
  return touch (NULL);
}

static void
test_freed (void)
{
  if (!g_test_subprocess ())
    {
      assert_reported ("*data race*touch_memory*");
      return;
    }
  guint *memory = g_new0 (guint, 1);
  GThread *thread = g_thread_new ("writer", touch_memory, memory);
  wait_for_touch ();
  g_free (memory);
  g_thread_join (thread);
}

static gboolean
touch_in_space (gpointer data,
                GError **error)
{
  wait_for_touch ();
  touch (NULL);
  return TRUE;
}

static void
on_touched (GObject      *space,
            GAsyncResult *result,
            gpointer      done)
{
  g_assert_true (st_space_run_in_thread_finish (ST_SPACE (space), result, NULL));
  *(gboolean *) done = TRUE;
}

static void
test_worker (void)
{
  gboolean done = FALSE;
  g_autoptr (GError) error = NULL;
  if (!g_test_subprocess ())
    {
      assert_reported ("*data race*touch_in_space*");
      return;
    }
  g_autoptr (StNamespaceRef) here = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  st_space_run_in_thread_async (ST_SPACE (here), touch_in_space, NULL, NULL, NULL, on_touched, &done);
  touch (NULL);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/races/two-threads", test_two_threads);
  g_test_add_func ("/races/after-fork", test_after_fork);
  g_test_add_func ("/races/after-probe", test_after_probe);
  g_test_add_func ("/races/freed", test_freed);
  g_test_add_func ("/races/worker", test_worker);
  return g_test_run ();
}
