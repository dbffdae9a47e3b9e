/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "rooms.h"

#include <stdio.h>

static void
make_and_drop (gpointer type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient (GPOINTER_TO_UINT (type), &error);
  g_assert_no_error (error);
}

static void
keep_result (GObject      *unused,
             GAsyncResult *result,
             gpointer      kept)
{
  *(GAsyncResult **) kept = g_object_ref (result);
}

static void
make_async_and_drop (gpointer type)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  st_namespace_ref_new_transient_async (GPOINTER_TO_UINT (type), NULL, keep_result, &result);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient_finish (result, &error);
  g_assert_no_error (error);
}

/* A worker comes and goes with its space. */
static void
make_run_and_drop (gpointer types)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = st_space_new_transient (GPOINTER_TO_UINT (types), &error);
  g_assert_no_error (error);
  room_run (space);
}

static void
fail (gpointer space)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_space_call (space, room_failing_work, NULL, &error));
  g_assert_error (error, ST_ERROR, ST_ERROR_CALLBACK_FAILED);
}

static void
make_subspace (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) below = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, &error);
  g_assert_no_error (error);
  st_spacer_close (below);
}

static void
spawn (gpointer space)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL);
  g_assert_no_error (error);
  g_subprocess_wait (process, NULL, NULL);
}

#define TYPE(type) GUINT_TO_POINTER (ST_NAMESPACE_##type)

void
bench_leftovers (Bench *bench)
{
  g_auto (Rooms) rooms = { 0 };
  rooms_init (&rooms);
  printf ("\n%-36s %7s %6s %8s %10s %10s\n", "left behind", "times", "fds", "threads", "RSS, KiB", "heap, B");
  bench_growth (bench, "call in net", room_call, rooms.net, 10000);
  bench_growth (bench, "call in net that fails", fail, rooms.net, 10000);
  bench_growth (bench, "enter and leave net", room_enter_and_leave, rooms.net, 10000);
  bench_growth (bench, "run_in_thread in mnt", room_run, rooms.mnt, 2000);
  bench_growth (bench, "run_in_thread_async in mnt", room_run_async, rooms.mnt, 2000);
  bench_growth (bench, "uts, made and dropped", make_and_drop, TYPE (UTS), 1000);
  bench_growth (bench, "cgroup, made and dropped", make_and_drop, TYPE (CGROUP), 1000);
  bench_growth (bench, "ipc, made and dropped", make_and_drop, TYPE (IPC), 1000);
  bench_growth (bench, "mnt, made and dropped", make_and_drop, TYPE (MNT), 1000);
  bench_growth (bench, "net, made and dropped", make_and_drop, TYPE (NET), 1000);
  bench_growth (bench, "uts, made asynchronously", make_async_and_drop, TYPE (UTS), 1000);
  bench_growth (bench, "subspace, made and closed", make_subspace, NULL, 200);
  bench_growth (bench, "true in net", spawn, rooms.net, 200);
  bench_growth (bench, "mnt and uts, run there, dropped", make_run_and_drop, GUINT_TO_POINTER (ST_NAMESPACE_MNT | ST_NAMESPACE_UTS), 1000);
}
