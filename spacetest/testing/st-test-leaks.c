/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-process.h"
#include "st-spacer-private.h"
#include "st-stay-private.h"
#include "st-strays.h"
#include "st-transient-mntns.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE G_USEC_PER_SEC

static GMutex lock;
static GHashTable *baseline; /* lines; guarded by lock */
static gboolean is_begun;    /* the first test */

static GHashTable *
set_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* The directory's own is closed when it comes to asking. */
static void
collect_descriptors (GHashTable *lines)
{
  g_autoptr (GPtrArray) numbers = g_ptr_array_new_with_free_func (g_free);
  GDir *directory = g_dir_open ("/proc/self/fd", 0, NULL);
  for (const char *name; directory && (name = g_dir_read_name (directory));)
    g_ptr_array_add (numbers, g_strdup (name));
  g_clear_pointer (&directory, g_dir_close);
  for (guint i = 0; i < numbers->len; i++)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", numbers->pdata[i], NULL);
      g_autofree char *target = g_file_read_link (path, NULL);
      if (target)
        g_hash_table_add (lines, g_strdup_printf ("descriptor %s: %s", (char *) numbers->pdata[i], target));
    }
}

static void
collect_visits_of (StThread *thread,
                   gpointer  lines)
{
  guint depth = 0;
  g_mutex_lock (&thread->lock);
  for (StStay *stay = thread->innermost; stay; stay = stay->outer)
    depth += stay->owner != NULL;
  for (; depth > 0; depth--)
    g_hash_table_add (lines, g_strdup_printf ("visit number %u of thread %d", depth, (int) thread->tid));
  g_mutex_unlock (&thread->lock);
}

static gboolean
collect_children_of (const char *tid,
                     GHashTable *lines)
{
  g_autofree char *path = g_build_filename ("/proc/self/task", tid, "children", NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  g_auto (GStrv) pids = g_strsplit (g_strstrip (text), " ", -1);
  for (char **pid = pids; *pid; pid++)
    if (**pid)
      g_hash_table_add (lines, g_strdup_printf ("child process %s", *pid));
  return TRUE;
}

/* Some kernels don't list them. */
static void
collect_children (GHashTable *lines)
{
  gboolean is_listed = FALSE;
  g_autoptr (GDir) tasks = st_process_has_children () != 0 ? g_dir_open ("/proc/self/task", 0, NULL) : NULL;
  if (!tasks)
    return;
  for (const char *tid; (tid = g_dir_read_name (tasks));)
    is_listed |= collect_children_of (tid, lines);
  if (!is_listed)
    g_hash_table_add (lines, g_strdup ("child processes"));
}

static void
collect_strays (GHashTable *lines)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) strays = st_find_strays (&error);
  if (!strays)
    g_hash_table_add (lines, g_strdup (error->message));
  for (char **stray = strays; stray && *stray; stray++)
    g_hash_table_add (lines, g_strconcat ("thread in other namespaces: ", *stray, NULL));
}

GHashTable *
st_test_leaks_collect_visit (void)
{
  GHashTable *lines = set_new ();
  collect_descriptors (lines);
  st_thread_foreach (collect_visits_of, lines);
  return lines;
}

static GHashTable *
collect_all (void)
{
  GHashTable *lines = st_test_leaks_collect_visit ();
  collect_children (lines);
  collect_strays (lines);
  return lines;
}

/* What GLib and this library open once, and keep. */
static void
open_what_stays (void)
{
  static gsize opened;
  if (!g_once_init_enter (&opened))
    return;
  g_main_context_default ();
  st_thread_self ();
  st_system_thread_pidfd ();
  if (st_process_is_admin ())
    {
      g_autoptr (StTransientMntns) unused = st_transient_mntns_new (NULL);
    }
  g_once_init_leave (&opened, 1);
}

/* Takes what was not there before into the baseline, and gives a list of it. */
static GPtrArray *
allow (GHashTable *now,
       GHashTable *before)
{
  GPtrArray *allowed = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer line;
  g_mutex_lock (&lock);
  g_hash_table_iter_init (&iter, now);
  while (g_hash_table_iter_next (&iter, &line, NULL))
    if (!g_hash_table_contains (before, line) && baseline && g_hash_table_add (baseline, g_strdup (line)))
      g_ptr_array_add (allowed, g_strdup (line));
  g_mutex_unlock (&lock);
  return allowed;
}

static GHashTable *
collect_helper (void)
{
  GHashTable *lines = st_test_leaks_collect_visit ();
  collect_children (lines);
  return lines;
}

/* The default spacer is started when it is first needed, and stays. */
static void
allow_default_spacer (gboolean is_started)
{
  static GHashTable *before; /* one at a time */
  if (!is_started)
    {
      before = collect_helper ();
      return;
    }
  g_autoptr (GHashTable) now = collect_helper ();
  g_ptr_array_unref (allow (now, before));
  g_clear_pointer (&before, g_hash_table_unref);
}

void
st_test_leaks_begin (void)
{
  open_what_stays ();
  st_spacer_set_default_hook (allow_default_spacer);
  GHashTable *now = collect_all ();
  g_mutex_lock (&lock);
  g_clear_pointer (&baseline, g_hash_table_unref);
  baseline = now;
  g_mutex_unlock (&lock);
}

/* What the program had opened for all of its tests is none of theirs. As good as the moment when the first of them begins, which nobody
 * tells us of. */
void
st_test_leaks_begin_tests (void)
{
  if (is_begun)
    return;
  is_begun = TRUE;
  st_test_leaks_begin ();
}

GPtrArray *
st_test_leaks_allow (GHashTable *before)
{
  g_autoptr (GHashTable) now = st_test_leaks_collect_visit ();
  return allow (now, before);
}

void
st_test_leaks_forbid (GPtrArray *allowed)
{
  g_mutex_lock (&lock);
  for (guint i = 0; i < allowed->len; i++)
    g_hash_table_remove (baseline, allowed->pdata[i]);
  g_mutex_unlock (&lock);
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
subtract (GHashTable *lines,
          GHashTable *known)
{
  GPtrArray *rest = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer line;
  g_hash_table_iter_init (&iter, lines);
  while (g_hash_table_iter_next (&iter, &line, NULL))
    if (!g_hash_table_contains (known, line))
      g_ptr_array_add (rest, g_strdup (line));
  g_ptr_array_sort (rest, compare_lines);
  return rest;
}

GHashTable *
st_test_leaks_collect_strays (void)
{
  GHashTable *lines = set_new ();
  collect_strays (lines);
  return lines;
}

/* What stays, of what is not known: the end of a thread, for example, takes a moment. */
static GPtrArray *
wait_for_the_rest (GHashTable **known,
                   GHashTable *(*collect) (void))
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  for (;;)
    {
      g_autoptr (GHashTable) now = collect ();
      g_mutex_lock (&lock);
      g_autoptr (GPtrArray) rest = subtract (now, *known);
      g_mutex_unlock (&lock);
      if (rest->len == 0 || g_get_monotonic_time () > deadline)
        return g_steal_pointer (&rest);
      g_usleep (1000);
    }
}

/* Those that are not known, which they are afterwards. */
GPtrArray *
st_test_leaks_wait (GHashTable *known,
                    GHashTable *(*collect) (void))
{
  GPtrArray *rest = wait_for_the_rest (&known, collect);
  for (guint i = 0; i < rest->len; i++)
    g_hash_table_add (known, g_strdup (rest->pdata[i]));
  return rest;
}

static char *
describe_process (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  char *name = text ? strchr (text, '(') : NULL;
  char *end = name ? strrchr (name, ')') : NULL;
  if (!end || !end[1])
    return NULL;
  const gboolean has_ended = end[2] == 'Z';
  *end = '\0';
  return g_strdup_printf ("%s%s", name + 1, has_ended ? ", which has ended, and nobody waited for it" : "");
}

static char *
describe_holder (const char *line)
{
  int number;
  if (sscanf (line, "descriptor %d:", &number) == 1)
    return st_test_holders_describe (number);
  if (sscanf (line, "child process %d", &number) == 1)
    return describe_process (number);
  return NULL;
}

/**
 * st_test_check_nothing_leaked: (skip)
 * @domain: (nullable): log domain
 * @file: source file
 * @line: line in it
 * @func: function in it
 *
 * What [func@Spacetest.test_assert_nothing_leaked] calls.
 *
 * Since: 0.1
 */
void
st_test_check_nothing_leaked (const char *domain,
                              const char *file,
                              int         line,
                              const char *func)
{
  if (!baseline)
    g_error ("%s:%d: st_test_assert_nothing_leaked() needs st_test_init()", file, line);
  g_autoptr (GPtrArray) leaks = wait_for_the_rest (&baseline, collect_all);
  if (leaks->len == 0)
    return;
  g_autoptr (GString) message = g_string_new ("left behind:");
  for (guint i = 0; i < leaks->len; i++)
    {
      g_autofree char *holder = describe_holder (leaks->pdata[i]);
      g_string_append_printf (message, "\n  %s%s%s", (char *) leaks->pdata[i], holder ? ", " : "", holder ? holder : "");
      g_mutex_lock (&lock);
      g_hash_table_add (baseline, g_strdup (leaks->pdata[i])); /* told once, where assertions are not fatal */
      g_mutex_unlock (&lock);
    }
  g_assertion_message (domain, file, line, func, message->str);
}
