/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors
 *
 * To be preloaded where the thread sanitizer runs us: Debian's GLib is not built with it, so its locks, counters and tasks have to
 * be explained. Each function here does what GLib's does, and says who hands over to whom. */
#include <dlfcn.h>
#include <gio/gio.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

#define REAL(name) ((__typeof__ (&name)) find (#name))

/* No static: it would be guarded by the very locks that are explained here. */
static gpointer
find (const char *name)
{
  return dlsym (RTLD_NEXT, name);
}

static void
hand_over (volatile const void *address)
{
  __tsan_release ((void *) address);
}

static void
take_over (volatile const void *address)
{
  __tsan_acquire ((void *) address);
}

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  take_over (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked = REAL (g_mutex_trylock) (mutex);
  if (locked)
    take_over (mutex);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  hand_over (mutex);
  REAL (g_mutex_unlock) (mutex);
}

void
g_cond_wait (GCond  *cond,
             GMutex *mutex)
{
  hand_over (mutex);
  REAL (g_cond_wait) (cond, mutex);
  take_over (mutex);
}

gboolean
g_cond_wait_until (GCond  *cond,
                   GMutex *mutex,
                   gint64  end_time)
{
  hand_over (mutex);
  gboolean signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  take_over (mutex);
  return signalled;
}

void
(g_once_init_leave) (volatile void *location,
                     gsize          result)
{
  hand_over (location);
  REAL (g_once_init_leave) (location, result);
}

gboolean
(g_once_init_enter) (volatile void *location)
{
  gboolean first = REAL (g_once_init_enter) (location);
  take_over (location);
  return first;
}

/* Who drops a reference is done with what it counts, and whoever drops the last one goes on from there. */
gboolean
(g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  hand_over (count);
  gboolean last = REAL (g_atomic_ref_count_dec) (count);
  take_over (count);
  return last;
}

void
g_atomic_rc_box_release_full (gpointer       box,
                              GDestroyNotify clear)
{
  hand_over (box);
  take_over (box);
  REAL (g_atomic_rc_box_release_full) (box, clear);
}

void
g_object_unref (gpointer object)
{
  hand_over (object);
  take_over (object);
  REAL (g_object_unref) (object);
}

void
g_task_return_boolean (GTask   *task,
                       gboolean result)
{
  hand_over (task);
  REAL (g_task_return_boolean) (task, result);
}

void
g_task_return_pointer (GTask         *task,
                       gpointer       result,
                       GDestroyNotify free_result)
{
  hand_over (task);
  REAL (g_task_return_pointer) (task, result, free_result);
}

void
g_task_return_error (GTask  *task,
                     GError *error)
{
  hand_over (task);
  REAL (g_task_return_error) (task, error);
}

gboolean
g_task_propagate_boolean (GTask   *task,
                          GError **error)
{
  take_over (task);
  return REAL (g_task_propagate_boolean) (task, error);
}

gpointer
g_task_propagate_pointer (GTask   *task,
                          GError **error)
{
  take_over (task);
  return REAL (g_task_propagate_pointer) (task, error);
}

/* The sanitizer does not get to know the wake-ups of main contexts: who writes to one has the context from who made it. */
int
eventfd (unsigned int count,
         int          flags)
{
  return (int) syscall (SYS_eventfd2, count, flags);
}
