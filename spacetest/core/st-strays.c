/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-strays-private.h"

#include "st-error-private.h"
#include "st-stay-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The names of home's namespaces, as the kernel writes them. */
typedef struct
{
  char *of_kind[ST_N_KINDS];
} Home;

static void
home_clear (Home *home)
{
  for (gsize i = 0; i < ST_N_KINDS; i++)
    g_free (home->of_kind[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Home, home_clear)

static gboolean
look_home_up (Home    *home,
              GError **error)
{
  ST_FOREACH_KIND (kind)
    {
      g_autoptr (StHandle) handle = st_thread_get_home (kind, error);
      if (!handle)
        return FALSE;
      home->of_kind[kind->index] = g_strdup_printf ("%s:[%" G_GUINT64_FORMAT "]", kind->name, handle->identity.inode);
    }
  return TRUE;
}

typedef struct
{
  int tid;
  gboolean accounted;
} Question;

static void
check_accounted (StThread *thread,
                 gpointer  data)
{
  Question *question = data;
  if (thread->tid != question->tid)
    return;
  g_mutex_lock (&thread->lock);
  question->accounted = thread->is_worker || thread->innermost;
  g_mutex_unlock (&thread->lock);
}

/* Live visits and our own workers are where they should be. */
static gboolean
is_accounted_for (int tid)
{
  Question question = { tid, FALSE };
  st_thread_foreach (check_accounted, &question);
  return question.accounted;
}

static char *
get_name (const char *tid)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/task/%s/comm", tid);
  g_autofree char *name = NULL;
  if (!g_file_get_contents (path, &name, NULL, NULL))
    return g_strdup ("?");
  return g_utf8_make_valid (g_strchomp (name), -1);
}

/* A description of a thread that is elsewhere, or NULL. */
static char *
describe_if_stray (const char *tid,
                   const Home *home)
{
  g_autoptr (GString) elsewhere = g_string_new (NULL);
  ST_FOREACH_KIND (kind)
    {
      g_autofree char *path = g_strdup_printf ("/proc/self/task/%s/ns/%s", tid, kind->proc_entry);
      g_autofree char *where = g_file_read_link (path, NULL);
      if (where && strcmp (where, home->of_kind[kind->index]) != 0) /* no answer: the thread has ended */
        g_string_append_printf (elsewhere, " %s", where);
    }
  if (elsewhere->len == 0)
    return NULL;
  g_autofree char *name = get_name (tid);
  return g_strdup_printf ("%s (thread %s):%s", name, tid, elsewhere->str);
}

/**
 * st_find_strays:
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finds the threads of this process that are in another namespace than its main thread is at home.
 *
 * A thread that is started on a visit stays there for good: one of a pool, for example, that goes on to serve the whole
 * process. Threads that are on a visit themselves, and those of this library, are left out.
 *
 * With `SPACETEST_CHECK=1` in the environment, a warning for each is logged whenever a namespace that this library made is closed.
 *
 * It reads `/proc/self/task`, which takes some 10 microseconds for each thread.
 *
 * ```c
 * g_auto (GStrv) strays = st_find_strays (&error);
 * g_assert_no_error (error);
 * g_assert_cmpstr (strays[0], ==, NULL);
 * ```
 *
 * Returns: (transfer full) (array zero-terminated=1): name, number and namespaces of each, as in
 *   `pool-app (thread 4711): net:[4026532201]`; an empty list if there are none; %NULL with @error set
 *
 * Since: 0.1
 */
char **
st_find_strays (GError **error)
{
  g_autoptr (GStrvBuilder) strays = g_strv_builder_new ();
  g_autoptr (GError) failure = NULL;
  g_auto (Home) home = { 0 };
  if (!look_home_up (&home, error))
    return NULL;
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, &failure);
  if (!tasks)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_NOT_FOUND, "cannot list the threads of the process: %s", failure->message);
      return NULL;
    }
  for (const char *tid; (tid = g_dir_read_name (tasks));)
    {
      g_autofree char *stray = is_accounted_for (atoi (tid)) ? NULL : describe_if_stray (tid, &home);
      if (stray)
        g_strv_builder_add (strays, stray);
    }
  return g_strv_builder_end (strays);
}

/* For whoever asked to be told. */
void
st_strays_check (void)
{
  if (g_strcmp0 (g_getenv ("SPACETEST_CHECK"), "1") != 0)
    return;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) strays = st_find_strays (&error);
  if (!strays)
    g_warning ("cannot look for strays: %s", error->message);
  for (char **stray = strays; stray && *stray; stray++)
    g_warning ("a thread was started on a visit and stayed there: %s", *stray);
}
