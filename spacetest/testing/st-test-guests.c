/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-stay-private.h"

#include <unistd.h>

/* Visits of other threads than the one that runs the tests: those that began in a test are to be over when it is. */

static GMutex lock;
static GHashTable *begun; /* numbers of threads, guarded by lock */
static char *ended;       /* a thread that had not left, guarded by lock */

/* On the thread that visits. */
void
st_test_guests_note (void)
{
  if (!st_test_is_running ())
    return;
  g_mutex_lock (&lock);
  if (!begun)
    begun = g_hash_table_new (NULL, NULL);
  g_hash_table_add (begun, GINT_TO_POINTER (gettid ()));
  g_mutex_unlock (&lock);
}

static char *
describe (pid_t tid)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/comm", (int) tid);
  g_autofree char *name = NULL;
  g_file_get_contents (path, &name, NULL, NULL);
  return g_strdup_printf ("%s (thread %d)", name ? g_strchomp (name) : "?", (int) tid);
}

/* On a thread that ends on a visit. */
void
st_test_guests_note_end (void)
{
  g_autofree char *who = describe (gettid ());
  g_mutex_lock (&lock);
  if (!ended && begun && g_hash_table_contains (begun, GINT_TO_POINTER (gettid ())))
    ended = g_steal_pointer (&who);
  g_mutex_unlock (&lock);
}

/* The first one since it was asked last. */
char *
st_test_guests_take_ended (void)
{
  g_mutex_lock (&lock);
  char *who = g_steal_pointer (&ended);
  g_mutex_unlock (&lock);
  return who;
}

static void
collect_of (StThread *thread,
            gpointer  lines)
{
  guint depth = 0;
  g_mutex_lock (&lock);
  const gboolean has_begun = begun && g_hash_table_contains (begun, GINT_TO_POINTER (thread->tid));
  g_mutex_unlock (&lock);
  if (!has_begun || thread->tid == getpid ())
    return;
  g_mutex_lock (&thread->lock);
  for (StStay *stay = thread->innermost; stay; stay = stay->outer)
    depth += stay->owner != NULL;
  g_mutex_unlock (&thread->lock);
  if (depth > 0)
    g_hash_table_add (lines, describe (thread->tid));
}

GHashTable *
st_test_guests_collect (void)
{
  GHashTable *lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  st_thread_foreach (collect_of, lines);
  return lines;
}
