/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "spacer-support.h"

/* Many requests at once: from one thread and from many, some of them given up. */

static void
test_async (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  SpacerWait wait = { NULL };
  st_spacer_new_async (NULL, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) started = spacer_wait (&wait);
  g_autoptr (StSpacer) spacer = st_spacer_new_finish (started, &error);
  g_assert_no_error (error);

  st_spacer_create_subspace_async (spacer, USER | PID, NULL, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) nested = spacer_wait (&wait);
  g_autoptr (StSpacer) below = st_spacer_create_subspace_finish (spacer, nested, &error);
  g_assert_no_error (error);

  st_spacer_create_space_async (below, SIX, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) made = spacer_wait (&wait);
  g_autoptr (StSpace) space = st_spacer_create_space_finish (below, made, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (st_space_get_types (space), ==, SIX);

  st_spacer_create_transient_async (below, ST_NAMESPACE_TIME, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) one = spacer_wait (&wait);
  g_autoptr (StNamespaceRef) ref = st_spacer_create_transient_finish (below, one, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (st_namespace_ref_get_namespace_type (ref), ==, ST_NAMESPACE_TIME);

  g_assert_null (st_spacer_create_space_finish (below, one, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "not of this call");
}

/* In the context of the caller, whoever else runs the main one. */
static void
test_context (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (GMainContext) context = g_main_context_new ();
  SpacerWait wait = { NULL };
  g_main_context_push_thread_default (context);
  st_spacer_create_subspace_async (spacer, USER, NULL, NULL, spacer_take_result, &wait);
  while (!wait.result)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  g_autoptr (StSpacer) below = st_spacer_create_subspace_finish (spacer, result, &error);
  g_assert_no_error (error);
}

static void
test_cancelled_before (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (StSpacer) spacer = spacer_start ();
  SpacerWait wait = { NULL };
  g_cancellable_cancel (cancellable);
  g_assert_null (st_spacer_new (cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (st_spacer_get_default (cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (st_spacer_create_subspace (spacer, USER, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  st_spacer_create_subspace_async (spacer, USER, NULL, cancellable, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  g_assert_null (st_spacer_create_subspace_finish (spacer, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

typedef struct
{
  guint left;
  GPtrArray *made;
  guint cancelled;
} Crowd;

static void
collect (GObject      *source,
         GAsyncResult *result,
         gpointer      data)
{
  g_autoptr (GError) error = NULL;
  Crowd *crowd = data;
  StSpacer *below = st_spacer_create_subspace_finish (ST_SPACER (source), result, &error);
  if (below)
    g_ptr_array_add (crowd->made, below);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  crowd->cancelled += !below;
  crowd->left--;
}

/* Every second one is given up at once: the others are made all the same. */
static void
test_some_cancelled (void)
{
  enum { N = 40 };
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_object_unref);
  Crowd crowd = { N, made, 0 };
  for (int i = 0; i < N; i++)
    st_spacer_create_subspace_async (spacer, USER | PID, NULL, i % 2 ? cancellable : NULL, collect, &crowd);
  g_cancellable_cancel (cancellable);
  while (crowd.left > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (made->len, ==, N / 2);
  g_assert_cmpuint (crowd.cancelled, ==, N / 2);
}

static void
test_hundred_at_once (void)
{
  enum { N = 100 };
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GHashTable) pids = g_hash_table_new (NULL, NULL);
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_object_unref);
  Crowd crowd = { N, made, 0 };
  for (int i = 0; i < N; i++)
    st_spacer_create_subspace_async (spacer, USER | PID, NULL, NULL, collect, &crowd);
  while (crowd.left > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (made->len, ==, N);
  for (guint i = 0; i < N; i++)
    g_hash_table_add (pids, GINT_TO_POINTER (spacer_pid (made->pdata[i])));
  g_assert_cmpuint (g_hash_table_size (pids), ==, N);
}

/* Dropped with an answer on its way, which then has nobody to come to. */
static void
test_dropped_while_asked (void)
{
  if (!spacer_can_have_users ())
    return;
  StSpacer *spacer = spacer_start ();
  int pidfd = spacer_watch (spacer);
  SpacerWait wait = { NULL };
  st_spacer_create_subspace_async (spacer, USER | PID, NULL, NULL, spacer_take_result, &wait);
  g_object_unref (spacer); /* the call holds it */
  g_clear_object (&(GAsyncResult *){ spacer_wait (&wait) });
  spacer_wait_for_end (pidfd);
}

static gpointer
use_from_thread (gpointer data)
{
  StSpacer *spacer = data;
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      const StNamespaceType type = spacer_six[i % 6];
      g_autoptr (StNamespaceRef) ref = st_spacer_create_transient (spacer, type, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (st_namespace_ref_get_namespace_type (ref), ==, type);
      if (i % 5 > 0)
        continue;
      g_autoptr (StSpacer) below = spacer_below (spacer, USER | PID);
      g_assert_nonnull (st_spacer_get_space (spacer, NULL));
      spacer_pid (below);
    }
  return NULL;
}

static void
test_threads (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  GThread *threads[8];
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use_from_thread, below);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static gpointer
ask_until_closed (gpointer spacer)
{
  g_autoptr (GError) error = NULL;
  while (!error)
    g_clear_object (&(StNamespaceRef *){ st_spacer_create_transient (spacer, ST_NAMESPACE_UTS, NULL, &error) });
  g_assert_error (error, ST_ERROR, ST_ERROR_CLOSED);
  return NULL;
}

static void
test_closed_under_threads (void)
{
  if (!spacer_can_have_users ())
    return;
  for (int round = 0; round < 10; round++)
    {
      g_autoptr (StSpacer) spacer = spacer_start ();
      g_autoptr (StSpacer) below = spacer_below (spacer, USER);
      GThread *threads[4];
      for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("user", ask_until_closed, below);
      st_spacer_close (round % 2 ? below : spacer);
      for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
        g_thread_join (threads[i]);
    }
}

static void
test_timeout_property (void)
{
  guint seconds;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_assert_cmpuint (st_spacer_get_timeout (spacer), ==, 30);
  g_object_set (spacer, "timeout", 5, NULL);
  g_object_get (spacer, "timeout", &seconds, NULL);
  g_assert_cmpuint (seconds, ==, 5);
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  g_assert_cmpuint (st_spacer_get_timeout (below), ==, 5);
}

/* One that was stopped answers nothing; once it goes on, all is well. */
static void
test_stopped (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  st_spacer_set_timeout (below, 1);
  spacer_kill (below, SIGSTOP);
  g_assert_null (st_spacer_create_transient (below, ST_NAMESPACE_UTS, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  spacer_kill (below, SIGCONT);
  st_spacer_set_timeout (below, 30);
  g_autoptr (StNamespaceRef) ref = st_spacer_create_transient (below, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (st_namespace_ref_get_namespace_type (ref), ==, ST_NAMESPACE_NET);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/spacer/requests/async", test_async);
  test_add ("/spacer/requests/context", test_context);
  test_add ("/spacer/requests/cancelled-before", test_cancelled_before);
  test_add ("/spacer/requests/some-cancelled", test_some_cancelled);
  test_add ("/spacer/requests/hundred-at-once", test_hundred_at_once);
  test_add ("/spacer/requests/dropped-while-asked", test_dropped_while_asked);
  test_add ("/spacer/requests/threads", test_threads);
  test_add ("/spacer/requests/closed-under-threads", test_closed_under_threads);
  test_add ("/spacer/requests/timeout-property", test_timeout_property);
  test_add ("/spacer/requests/stopped", test_stopped);
  return g_test_run ();
}
