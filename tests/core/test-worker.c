/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <gio/gio.h>
#include <sched.h>
#include <unistd.h>

/* What a function saw. */
typedef struct
{
  int tid;
  char *where;
  const char *kind;
} Seen;

static gboolean
look (gpointer data,
      GError **error)
{
  Seen *seen = data;
  seen->tid = gettid ();
  g_free (seen->where);
  seen->where = seen->kind ? test_where (seen->kind) : NULL;
  return TRUE;
}

static StSpace *
new_transient (StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StSpace *space = st_space_new_transient (types, &error);
  g_assert_no_error (error);
  return space;
}

/* Runs it in the space's thread, and tells which one that was. */
static int
run_look (StSpace *space)
{
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (seen.tid, !=, gettid ());
  return seen.tid;
}

static void
assert_run_sees (StSpace        *space,
                 StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = st_namespace_ref_to_string (st_space_get_ref (space, type, NULL));
  Seen seen = { .kind = st_namespace_type_get_name (type) };
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (seen.where, ==, expected);
  g_free (seen.where);
}

/* SPACE-23, MNT-02, OPS-11 */
static void
test_two_kinds (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  int child = test_start_idle_child (CLONE_NEWNS);
  g_autoptr (StNamespaceRef) mnt = st_namespace_ref_new_for_pid (child, ST_NAMESPACE_MNT, &error);
  test_end_idle_child (child);
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  StNamespaceRef *refs[] = { mnt, ST_NAMESPACE_REF (net) };
  g_autoptr (StSpace) space = st_space_new (refs, 2, &error);
  g_assert_no_error (error);
  const int tid = run_look (space);
  assert_run_sees (space, ST_NAMESPACE_MNT);
  assert_run_sees (space, ST_NAMESPACE_NET);
  g_assert_cmpint (run_look (space), ==, tid);
}

/* SPACE-25 for workers: one of its own for a caller who stands elsewhere, and each keeps its place. */
static void
test_caller_elsewhere (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET);
  g_autofree char *home = test_where ("ipc");
  Seen seen = { .kind = "ipc" };
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpstr (seen.where, ==, home);
  const int at_home = seen.tid;

  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_IPC, &error);
  g_assert_no_error (error);
  g_autofree char *inside = test_where ("ipc");
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpstr (seen.where, ==, inside);
  const int from_inside = seen.tid;
  g_assert_cmpint (from_inside, !=, at_home);
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpint (seen.tid, ==, from_inside);
  g_assert_true (st_visit_leave (visit, &error));

  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpint (seen.tid, ==, at_home);
  g_assert_cmpstr (seen.where, ==, home);
  g_free (seen.where);
}

static gboolean
fail_without_error (gpointer data,
                    GError **error)
{
  return FALSE;
}

static gboolean
fail_with_error (gpointer data,
                 GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "of the function");
  return FALSE;
}

static gboolean
succeed_with_error (gpointer data,
                    GError **error)
{
  return !fail_with_error (data, error);
}

static void
test_results (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), fail_without_error, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "without an error");
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), fail_with_error, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), succeed_with_error, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), fail_with_error, NULL, NULL, NULL));
}

static gboolean
end_thread (gpointer data,
            GError **error)
{
  g_thread_exit (NULL);
  return TRUE;
}

static gboolean
enter_and_end_thread (gpointer space,
                      GError **error)
{
  StVisit *visit = st_space_enter (space, error);
  g_object_unref (visit); /* the thread keeps it */
  g_thread_exit (NULL);
  return TRUE;
}

/* 1.1.3 number 14: it must not look like success. */
static void
test_function_ends_thread (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  const int first = run_look (ST_SPACE (own));
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), end_thread, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "ended its thread");
  g_assert_cmpint (run_look (ST_SPACE (own)), !=, first);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), enter_and_end_thread, own, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "ended its thread");
  run_look (ST_SPACE (own));
}

static gboolean
enter_and_stay (gpointer space,
                GError **error)
{
  g_autoptr (StVisit) visit = st_space_enter (space, error);
  return visit != NULL;
}

static void
test_leaves_visit_open (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET);
  g_autoptr (StSpace) other = new_transient (ST_NAMESPACE_NET);
  const int tid = run_look (space);
  g_assert_false (st_space_run_in_thread (space, enter_and_stay, other, NULL, &error));
  test_assert_failed (error, ST_ERROR_WRONG_ORDER, "1 of its visits");
  assert_run_sees (space, ST_NAMESPACE_NET);
  g_assert_cmpint (run_look (space), ==, tid);
}

static gboolean
visit_without_return (gpointer space,
                      GError **error)
{
  g_autoptr (StVisit) visit = st_space_enter (space, error);
  test_drop_capabilities ();
  return visit && st_visit_leave (visit, error);
}

/* The worker is replaced, the caller is fine. */
static void
test_worker_lost (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET);
  g_autoptr (StSpace) other = new_transient (ST_NAMESPACE_NET);
  const int tid = run_look (space);
  g_assert_false (st_space_run_in_thread (space, visit_without_return, other, NULL, &error));
  test_assert_failed (error, ST_ERROR_NO_RETURN, "net namespace");
  g_assert_cmpint (run_look (space), !=, tid);
  assert_run_sees (space, ST_NAMESPACE_NET);
}

typedef struct
{
  StSpace *space;
  StSpace *other;
  int tid;
  int nested_tid;
} Nesting;

static gboolean
run_nested (gpointer data,
            GError **error)
{
  Nesting *nesting = data;
  Seen own = { 0 }, others = { .kind = "uts" }, called = { .kind = "uts" };
  nesting->tid = gettid ();
  gboolean done = st_space_run_in_thread (nesting->space, look, &own, NULL, error) && /* that very worker */
                  st_space_run_in_thread (nesting->other, look, &others, NULL, error) &&
                  st_space_call (nesting->other, look, &called, error);
  nesting->nested_tid = own.tid;
  g_assert_cmpint (others.tid, !=, nesting->tid);
  g_assert_cmpint (called.tid, ==, nesting->tid);
  g_assert_cmpstr (others.where, ==, called.where);
  g_free (others.where);
  g_free (called.where);
  return done;
}

static void
test_nested (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET);
  g_autoptr (StSpace) other = new_transient (ST_NAMESPACE_UTS | ST_NAMESPACE_MNT);
  Nesting nesting = { space, other };
  g_assert_true (st_space_run_in_thread (space, run_nested, &nesting, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (nesting.nested_tid, ==, nesting.tid);
}

typedef struct
{
  StSpace *space;
  int tid;
} Racer;

static gpointer
race (gpointer data)
{
  Racer *racer = data;
  racer->tid = run_look (racer->space);
  return NULL;
}

/* All get the same worker, whoever comes first. */
static void
test_concurrent_callers (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  Racer racers[8];
  GThread *threads[8];
  for (int i = 0; i < 8; i++)
    {
      racers[i] = (Racer) { ST_SPACE (own) };
      threads[i] = g_thread_new ("racer", race, &racers[i]);
    }
  for (int i = 0; i < 8; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpint (racers[i].tid, ==, racers[0].tid);
    }
}

/* Parked in the worker's main context. */
typedef struct
{
  GMutex lock;
  GCond changed;
  GSocketService *service;
  guint16 port;
  int ticks;
  int tick_tid;
  GMainContext *context;
} Parked;

static gboolean
tick (gpointer data)
{
  Parked *parked = data;
  g_mutex_lock (&parked->lock);
  parked->ticks++;
  parked->tick_tid = gettid ();
  g_cond_signal (&parked->changed);
  g_mutex_unlock (&parked->lock);
  return parked->ticks < 3 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean
answer (GSocketService    *service,
        GSocketConnection *connection,
        GObject           *source,
        gpointer           data)
{
  return g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), "hello", 5, NULL, NULL, NULL);
}

static gboolean
park (gpointer data,
      GError **error)
{
  Parked *parked = data;
  parked->context = g_main_context_get_thread_default ();
  g_autoptr (GSource) source = g_timeout_source_new (1);
  g_source_set_callback (source, tick, parked, NULL);
  g_source_attach (source, parked->context);
  parked->service = g_socket_service_new ();
  g_signal_connect (parked->service, "incoming", G_CALLBACK (answer), NULL);
  parked->port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (parked->service), NULL, error);
  return parked->port != 0;
}

static gboolean
unpark (gpointer data,
        GError **error)
{
  Parked *parked = data;
  g_socket_service_stop (parked->service);
  g_socket_listener_close (G_SOCKET_LISTENER (parked->service));
  g_clear_object (&parked->service);
  return TRUE;
}

/* With a plain socket: GIO's connecting by name would start the pool in here. */
static gboolean
talk (gpointer data,
      GError **error)
{
  Parked *parked = data;
  char text[5];
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, parked->port);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  if (!socket || !g_socket_connect (socket, address, NULL, error))
    return FALSE;
  g_assert_cmpint (g_socket_receive (socket, text, sizeof text, NULL, error), ==, 5);
  g_assert_cmpmem (text, 5, "hello", 5);
  return TRUE;
}

static void
test_parked_sources (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  Parked parked = { 0 };
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET);
  g_assert_true (st_space_run_in_thread (space, park, &parked, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (parked.context);
  g_assert_true (st_space_call (space, talk, &parked, &error));
  g_assert_no_error (error);
  g_mutex_lock (&parked.lock);
  while (parked.ticks < 3)
    g_cond_wait (&parked.changed, &parked.lock);
  g_mutex_unlock (&parked.lock);
  g_assert_cmpint (run_look (space), ==, parked.tick_tid);
  g_assert_true (st_space_call (space, talk, &parked, &error));
  g_assert_true (st_space_run_in_thread (space, unpark, &parked, NULL, &error));
}

static void
test_ends_with_close (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (GStrv) traces = test_collect_traces ();
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  run_look (ST_SPACE (net));
  st_namespace_ref_close (ST_NAMESPACE_REF (net));
  test_assert_traces (traces); /* as it was before, with the object still there */
}

/* A space of several ends as a whole, at the latest when it is asked again. */
static void
test_space_ends_with_its_reference (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (GStrv) traces = test_collect_traces ();
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
  run_look (space);
  st_namespace_ref_close (st_space_get_ref (space, ST_NAMESPACE_NET, NULL));
  g_assert_false (st_space_run_in_thread (space, look, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "");
  st_namespace_ref_close (st_space_get_ref (space, ST_NAMESPACE_UTS, NULL));
  test_assert_traces (traces);
}

static gboolean
drop (gpointer space,
      GError **error)
{
  g_object_unref (space);
  return TRUE;
}

static gboolean
close_it (gpointer ref,
          GError **error)
{
  st_namespace_ref_close (ref);
  return TRUE;
}

static void
test_dropped_from_within (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  StSpace *space = new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
  g_assert_true (st_space_run_in_thread (space, drop, space, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_assert_true (st_space_run_in_thread (ST_SPACE (net), close_it, net, NULL, &error));
  g_assert_no_error (error);
}

static void
use_in_child (gpointer space)
{
  g_autoptr (GError) error = NULL;
  assert_run_sees (space, ST_NAMESPACE_NET);
  g_autoptr (StTransientMntns) mnt = st_transient_mntns_new (&error); /* needs a workshop of its own, too */
  g_assert_no_error (error);
  run_look (ST_SPACE (mnt));
  g_object_unref (space);
}

/* The threads stay behind with the parent. */
static void
test_fork (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET);
  const int tid = run_look (space);
  test_in_child (use_in_child, space);
  g_assert_cmpint (run_look (space), ==, tid);
}

static gboolean
fork_here (gpointer space,
           GError **error)
{
  test_in_child (use_in_child, space);
  return TRUE;
}

static void
test_fork_on_worker (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = new_transient (ST_NAMESPACE_NET);
  g_assert_true (st_space_run_in_thread (space, fork_here, space, NULL, &error));
  g_assert_no_error (error);
  assert_run_sees (space, ST_NAMESPACE_NET);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/worker/two-kinds/SPACE-23", test_two_kinds);
  test_add ("/worker/caller-elsewhere/SPACE-25", test_caller_elsewhere);
  test_add ("/worker/results", test_results);
  test_add ("/worker/function-ends-thread", test_function_ends_thread);
  test_add ("/worker/leaves-visit-open", test_leaves_visit_open);
  test_add ("/worker/lost", test_worker_lost);
  test_add ("/worker/nested", test_nested);
  test_add ("/worker/concurrent-callers", test_concurrent_callers);
  test_add ("/worker/parked-sources", test_parked_sources);
  test_add ("/worker/ends-with-close", test_ends_with_close);
  test_add ("/worker/space-ends-with-its-reference", test_space_ends_with_its_reference);
  test_add ("/worker/dropped-from-within", test_dropped_from_within);
  test_add ("/worker/fork", test_fork);
  test_add ("/worker/fork-on-worker", test_fork_on_worker);
  return g_test_run ();
}
