/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-namespace-ref-private.h"

#include <dlfcn.h>
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#else
#define backtrace(frames, n) 0
#endif

/* Where references were made, as long as they live. */

#define MOST_FRAMES 32

typedef struct
{
  GWeakRef ref;
  char *test; /* NULL: outside of tests */
  char *place; /* in a program or library, NULL if nobody knows */
} Origin;

static GMutex lock;
static GPtrArray *origins; /* of Origin, guarded by lock */
static guint next_purge = 64;

static void
origin_free (gpointer data)
{
  Origin *self = data;
  g_weak_ref_clear (&self->ref);
  g_free (self->test);
  g_free (self->place);
  g_free (self);
}

static gconstpointer
find_base (gconstpointer address)
{
  Dl_info info;
  return dladdr (address, &info) ? info.dli_fbase : NULL;
}

static char *
describe_frame (gconstpointer address)
{
  Dl_info info;
  if (!dladdr (address, &info) || !info.dli_fname)
    return NULL;
  g_autofree char *file = g_path_get_basename (info.dli_fname);
  if (info.dli_sname)
    return g_strdup_printf ("%s in %s", info.dli_sname, file);
  return g_strdup_printf ("%s+0x%" G_GINTPTR_MODIFIER "x", file, (guintptr) address - (guintptr) info.dli_fbase - 1);
}

/* The innermost function that is neither ours nor GLib's. Within ours there may be one of a sanitizer that took the place of
 * backtrace(). */
static char *
find_place (void)
{
  void *frames[MOST_FRAMES];
  gconstpointer passed[] = { find_base ((gconstpointer) st_test_holders_init), find_base ((gconstpointer) g_initable_new),
                             find_base ((gconstpointer) g_object_new), find_base ((gconstpointer) g_free) };
  const int n = backtrace (frames, MOST_FRAMES);
  int first = 0;
  while (first < n && find_base (frames[first]) != passed[0])
    first++;
  for (int i = first; i < n; i++)
    {
      gconstpointer base = find_base (frames[i]);
      gboolean is_passed = FALSE;
      for (gsize j = 0; j < G_N_ELEMENTS (passed); j++)
        is_passed = is_passed || base == passed[j];
      if (!is_passed)
        return describe_frame (frames[i]);
    }
  return NULL;
}

static void
purge (void)
{
  for (guint i = origins->len; i > 0; i--)
    {
      Origin *origin = origins->pdata[i - 1];
      g_autoptr (GObject) ref = g_weak_ref_get (&origin->ref);
      if (!ref)
        g_ptr_array_remove_index_fast (origins, i - 1);
    }
  next_purge = 2 * origins->len + 64;
}

static void
note (StNamespaceRef *ref)
{
  const char *path = st_test_get_path ();
  Origin *origin = g_new0 (Origin, 1);
  g_weak_ref_init (&origin->ref, ref);
  origin->test = st_test_is_running () ? g_strdup (path ? path : "another thread") : NULL;
  origin->place = find_place ();
  g_mutex_lock (&lock);
  g_ptr_array_add (origins, origin);
  g_mutex_unlock (&lock);
}

static void
note_opened (StNamespaceRef *ref)
{
  note (ref);
  g_mutex_lock (&lock);
  if (origins->len >= next_purge)
    purge ();
  g_mutex_unlock (&lock);
}

void
st_test_holders_init (void)
{
  origins = g_ptr_array_new_with_free_func (origin_free);
  st_namespace_ref_set_hook (note_opened);
}

static char *
describe (const Origin   *origin,
          StNamespaceRef *ref)
{
  return g_strdup_printf ("held by %s %s, made %s%s%s%s", ref->is_ours ? "the new" : "a reference,", G_OBJECT_TYPE_NAME (ref),
                          origin->test ? "by " : "outside of tests", origin->test ? origin->test : "", origin->place ? " at " : "",
                          origin->place ? origin->place : "");
}

/* Who has this descriptor. */
char *
st_test_holders_describe (int fd)
{
  char *text = NULL;
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref); /* none may go while the lock is held */
  g_mutex_lock (&lock);
  for (guint i = 0; i < origins->len && !text; i++)
    {
      Origin *origin = origins->pdata[i];
      StNamespaceRef *ref = g_weak_ref_get (&origin->ref);
      if (!ref)
        continue;
      g_ptr_array_add (kept, ref);
      if (st_namespace_ref_peek_fd (ref, NULL) == fd)
        text = describe (origin, ref);
    }
  g_mutex_unlock (&lock);
  return text;
}
