/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"

#include <spacetest/spacetest.h>

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define N_ALIVE 2000
#define N_OTHERS 100                     /* descriptors that are not theirs */
#define PATIENCE (30 * G_USEC_PER_SEC)   /* until the kernel has taken away what was closed */
#define KEPT_IN_STOCK 5                  /* one in so many of what it took, for the next ones */

/* KiB, but for the first. */
typedef struct
{
  gint64 fds;
  gint64 rss;
  gint64 kernel;
  gint64 available;
} Usage;

static gint64
read_size (const char *path,
           const char *key)
{
  g_autofree char *text = NULL;
  long long size = 0;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  const char *line = strstr (text, key);
  g_assert_nonnull (line);
  g_assert_cmpint (sscanf (line + strlen (key), "%lld", &size), ==, 1);
  return size;
}

/* Where namespaces are found in the kernel's memory. */
static gint64
read_kernel (void)
{
  return read_size ("/proc/meminfo", "\nSlab:") + read_size ("/proc/meminfo", "\nPercpu:") +
         read_size ("/proc/meminfo", "\nVmallocUsed:") + read_size ("/proc/meminfo", "\nPageTables:");
}

static Usage
read_usage (void)
{
  Usage usage = { 0, read_size ("/proc/self/status", "\nVmRSS:"), read_kernel (), read_size ("/proc/meminfo", "\nMemAvailable:") };
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fd", 0, NULL);
  g_assert_nonnull (directory);
  while (g_dir_read_name (directory))
    usage.fds++;
  return usage;
}

static gboolean
raise_limit (rlim_t needed)
{
  struct rlimit limit;
  if (getrlimit (RLIMIT_NOFILE, &limit) < 0)
    return FALSE;
  if (limit.rlim_cur >= needed)
    return TRUE;
  limit.rlim_cur = MIN (needed, limit.rlim_max);
  return setrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == needed;
}

static void
make (StNamespaceType type,
      GPtrArray      *alive)
{
  for (int i = 0; i < N_ALIVE; i++)
    {
      g_autoptr (GError) error = NULL;
      StNamespaceRef *ref = st_namespace_ref_new_transient (type, &error);
      g_assert_no_error (error);
      g_ptr_array_add (alive, ref);
    }
}

/* Networks and mount tables are taken away later. */
static Usage
wait_for_kernel (const Usage *before,
                 const Usage *top)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  while (read_kernel () > before->kernel + (top->kernel - before->kernel) / KEPT_IN_STOCK && g_get_monotonic_time () < deadline)
    sched_yield ();
  return read_usage ();
}

static void
print_usage (const char  *when,
             const Usage *usage)
{
  printf ("  %-34s %7" G_GINT64_FORMAT " %10" G_GINT64_FORMAT " %12" G_GINT64_FORMAT " %14" G_GINT64_FORMAT "\n", when, usage->fds,
          usage->rss, usage->kernel, usage->available);
}

static double
each (gint64 more,
      gint64 less)
{
  return (double) (more - less) / N_ALIVE;
}

static void
live (Bench          *bench,
      const char     *name,
      StNamespaceType type)
{
  g_autoptr (GPtrArray) alive = g_ptr_array_new_with_free_func (g_object_unref);
  const Usage before = read_usage ();
  const gint64 begin = g_get_monotonic_time ();
  make (type, alive);
  const gint64 made = g_get_monotonic_time ();
  const Usage top = read_usage ();
  const gint64 closing = g_get_monotonic_time ();
  g_ptr_array_set_size (alive, 0);
  const gint64 closed = g_get_monotonic_time ();
  const Usage after = wait_for_kernel (&before, &top);
  const gint64 gone = g_get_monotonic_time ();

  printf ("%s, made in %.0f ms, closed in %.0f ms, gone %.0f ms later\n", name, (double) (made - begin) / 1000,
          (double) (closed - closing) / 1000, (double) (gone - closed) / 1000);
  print_usage ("before", &before);
  print_usage ("at the top", &top);
  print_usage ("after", &after);
  const gboolean grows = after.fds > before.fds;
  bench->n_growing += grows;
  printf ("  %-34s %7.2f %10.2f %12.1f %14.1f %s\n", "each", each (top.fds, before.fds), each (top.rss, before.rss),
          each (top.kernel, before.kernel), each (before.available, top.available), grows ? "GROWS" : "ok");
  fflush (stdout);
}

void
bench_scale (Bench *bench)
{
  printf ("\n%-36s %7s %10s %12s %14s\n", "2000 alive at once, and closed", "fds", "RSS, KiB", "kernel, KiB", "available, KiB");
  if (!raise_limit (N_ALIVE + N_OTHERS))
    {
      printf ("not measured: RLIMIT_NOFILE can't be raised to %d\n", N_ALIVE + N_OTHERS);
      return;
    }
  live (bench, "mount namespaces", ST_NAMESPACE_MNT);
  live (bench, "host names", ST_NAMESPACE_UTS);
  live (bench, "IPC namespaces", ST_NAMESPACE_IPC);
  live (bench, "roots of control groups", ST_NAMESPACE_CGROUP);
  live (bench, "networks", ST_NAMESPACE_NET);
}
