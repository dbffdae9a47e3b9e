/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (10 * G_USEC_PER_SEC)

static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts" };

static char *
read_link_at (const char *directory,
              const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  char *target = g_file_read_link (path, NULL);
  return target ? target : g_strdup ("-");
}

char *
test_where (const char *kind)
{
  return read_link_at ("/proc/thread-self/ns", kind);
}

static void
append_namespaces (GString    *line,
                   const char *task)
{
  g_autofree char *directory = g_build_filename (task, "ns", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *target = read_link_at (directory, kinds[i]);
      g_string_append_printf (line, " %s", target);
    }
}

static void
collect_descriptors (GPtrArray *traces)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) numbers = g_ptr_array_new_with_free_func (g_free);
  GDir *directory = g_dir_open ("/proc/self/fd", 0, &error);
  g_assert_no_error (error);
  for (const char *name; (name = g_dir_read_name (directory));)
    g_ptr_array_add (numbers, g_strdup (name));
  g_dir_close (directory);
  for (guint i = 0; i < numbers->len; i++) /* the directory's own is closed by now */
    {
      g_autofree char *target = read_link_at ("/proc/self/fd", numbers->pdata[i]);
      if (strcmp (target, "-") != 0)
        g_ptr_array_add (traces, g_strdup_printf ("descriptor %s %s", (char *) numbers->pdata[i], target));
    }
}

static void
collect_threads (GPtrArray *traces)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/task", 0, &error);
  g_assert_no_error (error);
  for (const char *tid; (tid = g_dir_read_name (directory));)
    {
      g_autofree char *task = g_build_filename ("/proc/self/task", tid, NULL);
      g_autofree char *comm = g_build_filename (task, "comm", NULL);
      g_autofree char *name = NULL;
      if (!g_file_get_contents (comm, &name, NULL, NULL))
        continue; /* has just ended */
      GString *line = g_string_new (NULL);
      g_string_append_printf (line, "thread %s %s", tid, g_strchomp (name));
      append_namespaces (line, task);
      g_ptr_array_add (traces, g_string_free (line, FALSE));
    }
}

static void
collect_mounts (GPtrArray *traces)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_file_get_contents ("/proc/thread-self/mountinfo", &text, NULL, &error);
  g_assert_no_error (error);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (char **line = lines; *line; line++)
    g_ptr_array_add (traces, g_strdup_printf ("mount %s", *line));
}

static void
collect_place (GPtrArray *traces)
{
  GString *line = g_string_new ("caller");
  append_namespaces (line, "/proc/thread-self");
  g_ptr_array_add (traces, g_string_free (line, FALSE));
  g_autofree char *cwd = read_link_at ("/proc/thread-self", "cwd");
  g_autofree char *root = read_link_at ("/proc/thread-self", "root");
  g_ptr_array_add (traces, g_strconcat ("cwd ", cwd, NULL));
  g_ptr_array_add (traces, g_strconcat ("root ", root, NULL));
}

/* Of all threads, zombies too. */
static void
collect_children (GPtrArray *traces)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/task", 0, &error);
  g_assert_no_error (error);
  for (const char *tid; (tid = g_dir_read_name (directory));)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", tid, "children", NULL);
      g_autofree char *text = NULL;
      if (!g_file_get_contents (path, &text, NULL, NULL))
        continue; /* has just ended */
      g_auto (GStrv) pids = g_strsplit (g_strchomp (text), " ", -1);
      for (char **pid = pids; *pid; pid++)
        g_ptr_array_add (traces, g_strconcat ("child process ", *pid, NULL));
    }
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
test_collect_traces (void)
{
  GPtrArray *traces = g_ptr_array_new ();
  collect_descriptors (traces);
  collect_threads (traces);
  collect_mounts (traces);
  collect_place (traces);
  collect_children (traces);
  g_ptr_array_sort (traces, compare_lines);
  g_ptr_array_add (traces, NULL);
  return (char **) g_ptr_array_free (traces, FALSE);
}

static void
append_missing (GString            *report,
                const char         *sign,
                const char *const  *lines,
                const char *const  *others)
{
  for (; *lines; lines++)
    if (!g_strv_contains (others, *lines))
      g_string_append_printf (report, "\n%s %s", sign, *lines);
}

void
test_assert_traces (char **before)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  char **after = test_collect_traces ();
  while (!g_strv_equal ((const char *const *) before, (const char *const *) after) && g_get_monotonic_time () < deadline)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      sched_yield ();
      g_strfreev (after);
      after = test_collect_traces ();
    }
  g_autoptr (GString) report = g_string_new (NULL);
  append_missing (report, "-", (const char *const *) before, (const char *const *) after);
  append_missing (report, "+", (const char *const *) after, (const char *const *) before);
  g_strfreev (after);
  if (report->len > 0)
    g_error ("left behind:%s", report->str);
}

/* Those with the name of the process: the main thread, maybe one of a sanitizer, and those that have no name yet. */
static guint
count_nameless_threads (void)
{
  g_auto (GStrv) traces = test_collect_traces ();
  g_autofree char *main_name = NULL;
  g_file_get_contents ("/proc/self/comm", &main_name, NULL, NULL);
  g_autofree char *suffix = g_strdup_printf (" %s cgroup", g_strchomp (main_name));
  guint n = 0;
  for (char **line = traces; *line; line++)
    n += g_str_has_prefix (*line, "thread ") && strstr (*line, suffix);
  return n;
}

static gpointer
end_at_once (gpointer unused)
{
  return NULL;
}

/* A thread gets its name from itself: until then it has that of who started it. With the first one, a sanitizer starts its own. */
void
test_start_and_wait_for_names (void (*start) (void))
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  g_thread_join (g_thread_new ("first", end_at_once, NULL));
  const guint before = count_nameless_threads ();
  start ();
  while (count_nameless_threads () > before && g_get_monotonic_time () < deadline)
    sched_yield ();
}
