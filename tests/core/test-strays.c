/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <string.h>
#include <unistd.h>

/* A thread that waits until it may end. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean started;
  gboolean ended;
} Waiting;

static gpointer
wait_here (gpointer data)
{
  Waiting *waiting = data;
  g_mutex_lock (&waiting->lock);
  waiting->started = TRUE;
  g_cond_broadcast (&waiting->changed);
  while (!waiting->ended)
    g_cond_wait (&waiting->changed, &waiting->lock);
  g_mutex_unlock (&waiting->lock);
  return NULL;
}

static GThread *
start_thread (const char *name,
              GThreadFunc func,
              Waiting    *waiting)
{
  GThread *thread = g_thread_new (name, func, waiting);
  g_mutex_lock (&waiting->lock);
  while (!waiting->started)
    g_cond_wait (&waiting->changed, &waiting->lock);
  g_mutex_unlock (&waiting->lock);
  return thread;
}

static void
end_thread (GThread *thread,
            Waiting *waiting)
{
  g_mutex_lock (&waiting->lock);
  waiting->ended = TRUE;
  g_cond_broadcast (&waiting->changed);
  g_mutex_unlock (&waiting->lock);
  g_thread_join (thread);
}

static void
assert_strays (const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) strays = st_find_strays (&error);
  g_assert_no_error (error);
  g_autofree char *all = g_strjoinv ("; ", strays);
  if (!expected)
    g_assert_cmpstr (all, ==, "");
  else
    g_assert_true (g_strv_length (strays) == 1 && g_pattern_match_simple (expected, all));
}

/* OPS-13 */
static void
test_none (void)
{
  assert_strays (NULL);
}

static void
test_started_inside (void)
{
  Waiting waiting = { 0 };
  if (!test_needs_privilege ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autofree char *inside = test_where ("net");
  GThread *thread = start_thread ("late-comer", wait_here, &waiting);
  g_autofree char *expected = g_strdup_printf ("late-comer (thread *): %s", inside);
  assert_strays (expected);
  g_assert_true (st_visit_leave (visit, &error));
  assert_strays (expected);
  end_thread (thread, &waiting);
}

static void
test_told_on_close (void)
{
  Waiting waiting = { 0 };
  if (!test_needs_privilege ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StVisit) visit = st_space_enter (ST_SPACE (net), &error);
  g_assert_no_error (error);
  GThread *thread = start_thread ("late-comer", wait_here, &waiting);
  g_assert_true (st_visit_leave (visit, &error));

  g_setenv ("SPACETEST_CHECK", "1", TRUE);
  g_test_expect_message ("Spacetest", G_LOG_LEVEL_WARNING, "*stayed there: late-comer (thread *");
  st_namespace_ref_close (ST_NAMESPACE_REF (net));
  g_test_assert_expected_messages ();
  end_thread (thread, &waiting);

  g_autoptr (StNamespaceRef) other = st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  st_namespace_ref_close (other); /* nobody is left to warn of */
  g_unsetenv ("SPACETEST_CHECK");
}

static gpointer
return_at_once (gpointer data)
{
  return NULL;
}

/* The kernel takes a moment longer to forget a thread than it takes to join it. */
static void
test_just_ended (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 200; i++)
    {
      g_thread_join (g_thread_new ("ends", return_at_once, NULL));
      assert_strays (NULL);
    }
  g_assert_true (st_visit_leave (visit, &error));
}

static gpointer
look_from_elsewhere (gpointer data)
{
  assert_strays (NULL);
  return NULL;
}

static gpointer
visit_and_wait (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  wait_here (data);
  g_assert_true (st_visit_leave (visit, &error));
  return NULL;
}

/* Those who come home again, whoever asks from wherever. */
static void
test_visits (void)
{
  Waiting at_home = { 0 }, visiting = { 0 };
  if (!test_needs_privilege ())
    return;
  g_autoptr (GError) error = NULL;
  GThread *stays = start_thread ("stays", wait_here, &at_home);
  GThread *visits = start_thread ("visits", visit_and_wait, &visiting);
  assert_strays (NULL);
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET | ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  assert_strays (NULL);
  g_assert_true (st_visit_leave (visit, &error));
  g_thread_join (g_thread_new ("looks", look_from_elsewhere, NULL));
  end_thread (visits, &visiting);
  end_thread (stays, &at_home);
}

static gboolean
look (gpointer data,
      GError **error)
{
  assert_strays (NULL);
  return TRUE;
}

static void
test_workers (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_assert_true (st_space_run_in_thread (space, look, NULL, NULL, &error));
  assert_strays (NULL);
  g_assert_true (st_space_call (space, look, NULL, &error));
}

static gpointer
get_lost (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  test_drop_capabilities ();
  g_assert_false (st_visit_leave (visit, &error));
  test_assert_failed (error, ST_ERROR_NO_RETURN, "");
  return wait_here (data);
}

/* Who can't come home is one. */
static void
test_lost (void)
{
  Waiting waiting = { 0 };
  if (!test_needs_privilege ())
    return;
  GThread *thread = start_thread ("lost", get_lost, &waiting);
  assert_strays ("lost (thread *): net:*");
  end_thread (thread, &waiting);
}

static void
find_in_child (gpointer unused)
{
  assert_strays (NULL);
}

static void
test_fork (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  test_in_child (find_in_child, NULL);
  g_assert_true (st_visit_leave (visit, &error));
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/strays/none/OPS-13", test_none);
  test_add ("/strays/started-inside", test_started_inside);
  test_add ("/strays/told-on-close", test_told_on_close);
  test_add ("/strays/just-ended", test_just_ended);
  test_add ("/strays/visits", test_visits);
  test_add ("/strays/workers", test_workers);
  test_add ("/strays/lost", test_lost);
  test_add ("/strays/fork", test_fork);
  return g_test_run ();
}
