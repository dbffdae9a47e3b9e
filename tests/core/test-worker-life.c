/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What goes on in a worker between the runs, and how it ends. */
#include "worker-support.h"

#include <gio/gio.h>
#include <unistd.h>

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
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET);
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
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
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
  StSpace *space = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
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
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET);
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
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET);
  g_assert_true (st_space_run_in_thread (space, fork_here, space, NULL, &error));
  g_assert_no_error (error);
  assert_run_sees (space, ST_NAMESPACE_NET);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/worker/parked-sources", test_parked_sources);
  test_add ("/worker/ends-with-close", test_ends_with_close);
  test_add ("/worker/space-ends-with-its-reference", test_space_ends_with_its_reference);
  test_add ("/worker/dropped-from-within", test_dropped_from_within);
  test_add ("/worker/fork", test_fork);
  test_add ("/worker/fork-on-worker", test_fork_on_worker);
  return g_test_run ();
}
