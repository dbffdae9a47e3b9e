/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "soak.h"

#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of malloc's arenas only: what threads that come and go leave in use of caches, and pages that are not given back. */
#define HEAP_SLACK (64 * 1024)
#define RSS_SLACK (8 * 1024 * 1024)

#define PATIENCE (30 * G_USEC_PER_SEC)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OTHER_MALLOC TRUE /* which keeps what was freed */
#else
#define HAS_OTHER_MALLOC FALSE
#endif

static gint64
count_entries (const char *path)
{
  gint64 n_entries = 0;
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  g_assert_nonnull (directory);
  while (g_dir_read_name (directory))
    n_entries++;
  return n_entries;
}

/* Of all threads, zombies too. */
static gint64
count_children (void)
{
  gint64 n_children = 0;
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  g_assert_nonnull (tasks);
  for (const char *tid; (tid = g_dir_read_name (tasks));)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", tid, "children", NULL);
      g_autofree char *text = NULL;
      if (!g_file_get_contents (path, &text, NULL, NULL))
        continue; /* has just ended */
      for (const char *blank = text; (blank = strchr (blank, ' ')); blank++)
        n_children++;
    }
  return n_children;
}

static gint64
read_rss (void)
{
  g_autofree char *text = NULL;
  long long pages = 0;
  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%*d %lld", &pages), ==, 1);
  return pages * sysconf (_SC_PAGESIZE);
}

void
state_read (State *self)
{
  malloc_trim (0);
  self->n_fds = count_entries ("/proc/self/fd");
  self->n_threads = count_entries ("/proc/self/task");
  self->n_children = count_children ();
  g_assert_true (g_file_get_contents ("/proc/thread-self/mountinfo", &self->mounts, NULL, NULL));
  self->heap = (gint64) mallinfo2 ().uordblks;
  self->rss = read_rss ();
}

void
state_clear (State *self)
{
  g_clear_pointer (&self->mounts, g_free);
}

static gboolean
has_settled (const State *before,
             const State *after)
{
  return after->n_threads <= before->n_threads && after->n_fds <= before->n_fds && after->n_children <= before->n_children;
}

void
state_wait (const State *before,
            State       *after)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  state_read (after);
  while (!has_settled (before, after) && g_get_monotonic_time () < deadline)
    {
      sched_yield ();
      state_clear (after);
      state_read (after);
    }
}

static gboolean
compare_number (const char *what,
                gint64      before,
                gint64      after,
                gint64      slack)
{
  const gboolean good = after - before <= slack;
  printf ("# %-10s %12" G_GINT64_FORMAT " %12" G_GINT64_FORMAT " %+10" G_GINT64_FORMAT " of %+9" G_GINT64_FORMAT " %s\n", what, before,
          after, after - before, slack, good ? "ok" : "GROWS");
  return good;
}

gboolean
state_compare (const State *before,
               const State *after)
{
  printf ("# %-10s %12s %12s %10s    %9s\n", "", "before", "after", "more", "slack");
  gboolean good = compare_number ("fds", before->n_fds, after->n_fds, 0);
  good &= compare_number ("threads", before->n_threads, after->n_threads, 0);
  good &= compare_number ("children", before->n_children, after->n_children, 0);
  if (!HAS_OTHER_MALLOC)
    {
      good &= compare_number ("heap", before->heap, after->heap, HEAP_SLACK);
      good &= compare_number ("RSS", before->rss, after->rss, RSS_SLACK);
    }
  const gboolean same_mounts = g_strcmp0 (before->mounts, after->mounts) == 0;
  printf ("# mounts are %s\n", same_mounts ? "the same" : "CHANGED");
  return good && same_mounts;
}
