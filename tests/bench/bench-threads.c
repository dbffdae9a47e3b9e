/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "rooms.h"

#include "st-kernel.h"

#include <sched.h>
#include <unistd.h>

#define BATCH 50
#define OTHERS (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS)

/* A raw worker that goes into a mount namespace for each run, with the caller's other namespaces. */
typedef struct
{
  RawKind mnt;
  int caller; /* a pidfd of its process: the caller is the main thread */
} Post;

static void
take_up_post (gpointer data)
{
  Post *post = data;
  raw_own_fs ();
  raw_kind_init (&post->mnt, CLONE_NEWNS, "mnt", ST_PIDFD_GET_MNT);
  post->caller = raw_open_process ();
}

static void
work_at_post (gpointer data)
{
  Post *post = data;
  if (setns (post->caller, OTHERS) < 0)
    g_error ("setns (caller): %m");
  raw_visit (&post->mnt);
}

static void
leave_post (gpointer data)
{
  Post *post = data;
  raw_kind_clear (&post->mnt);
  close (post->caller);
}

void
bench_threads (Bench *bench)
{
  g_auto (Rooms) rooms = { 0 };
  Post post;
  rooms_init (&rooms);
  RawWorker *raw_worker = raw_worker_new ((RawDuty) { take_up_post, work_at_post, leave_post }, &post);

  const BenchRow rows[] = {
    { "raw net", raw_visit, &rooms.raw_net, BATCH },
    { "raw worker", raw_worker_run, raw_worker, BATCH },
    { "run_in_thread in mnt", room_run, rooms.mnt, BATCH, "raw worker", 1.35 },
    { "run_in_thread_async in mnt", room_run_async, rooms.mnt, BATCH, "raw net", 8 },
    { "run_in_thread_async in net", room_run_async, rooms.net, BATCH, "raw net", 8 },
  };
  bench_table (bench, "runs, on a worker", rows, G_N_ELEMENTS (rows));
  raw_worker_stop (raw_worker);
}
