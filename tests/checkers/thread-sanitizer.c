/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors
 *
 * To be preloaded where the thread sanitizer runs us: Debian's GLib is not built with it, so its locks, counters and tasks have to
 * be explained. Each function here does what GLib's does, and says who hands over to whom. */
#include <dlfcn.h>
#include <errno.h>
#include <gio/gio.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Programs that are not ours are started with it as well, and have no sanitizer. */
void __tsan_acquire (void *address) __attribute__ ((weak));
void __tsan_release (void *address) __attribute__ ((weak));
void __tsan_ignore_thread_begin (void) __attribute__ ((weak));
void __tsan_ignore_thread_end (void) __attribute__ ((weak));

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
  if (__tsan_release)
    __tsan_release ((void *) address);
}

static void
take_over (volatile const void *address)
{
  if (__tsan_acquire)
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

typedef struct
{
  GSource *source;
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
call_back (gpointer data)
{
  Callback *self = data;
  take_over (self->source);
  return self->func (self->data);
}

static void
callback_free (gpointer data)
{
  Callback *self = data;
  take_over (self->source);
  if (self->notify)
    self->notify (self->data);
  g_free (self);
}

/* Whose idle source is attached hands over to the thread that is called back. Callbacks of other sources look otherwise. */
void
g_source_set_callback (GSource       *source,
                       GSourceFunc    func,
                       gpointer       data,
                       GDestroyNotify notify)
{
  if (source->source_funcs != &g_idle_funcs)
    {
      REAL (g_source_set_callback) (source, func, data, notify);
      return;
    }
  Callback *callback = g_new (Callback, 1);
  *callback = (Callback) { source, func, data, notify };
  REAL (g_source_set_callback) (source, call_back, callback, callback_free);
}

guint
g_source_attach (GSource      *source,
                 GMainContext *context)
{
  hand_over (source);
  return REAL (g_source_attach) (source, context);
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
g_task_return_error_if_cancelled (GTask *task)
{
  GError *error = NULL;
  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error))
    return FALSE;
  g_task_return_error (task, error);
  return TRUE;
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

int __clone (int (*func) (void *data),
             void *stack,
             int   flags,
             void *data,
             ...);

/* Of any child the sanitizer thinks that it is a fork with memory of its own, where it looks away from then on: if it shares our
 * memory, so would it from who made it. */
int
clone (int (*func) (void *data),
       void *stack,
       int   flags,
       void *data,
       ...)
{
  va_list rest;
  va_start (rest, data);
  pid_t *parent_tid = va_arg (rest, pid_t *);
  void *tls = va_arg (rest, void *);
  pid_t *child_tid = va_arg (rest, pid_t *);
  va_end (rest);
  return __clone (func, stack, flags, data, parent_tid, tls, child_tid);
}

typedef struct
{
  guintptr start;
  guintptr end;
} Range;

static Range glib[2];

static int
find_glib (struct dl_phdr_info *info,
           size_t               size,
           void                *unused)
{
  static const char *const names[] = { "/libglib-2.0.so", "/libgio-2.0.so" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strstr (info->dlpi_name, names[i]))
      for (int j = 0; j < info->dlpi_phnum; j++)
        if (info->dlpi_phdr[j].p_type == PT_LOAD && (info->dlpi_phdr[j].p_flags & PF_X))
          {
            glib[i].start = info->dlpi_addr + info->dlpi_phdr[j].p_vaddr;
            glib[i].end = glib[i].start + info->dlpi_phdr[j].p_memsz;
          }
  return 0;
}

static __attribute__ ((constructor)) void
begin (void)
{
  dl_iterate_phdr (find_glib, NULL);
}

static gboolean
is_glib (const void *code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (glib); i++)
    if ((guintptr) code >= glib[i].start && (guintptr) code < glib[i].end)
      return TRUE;
  return FALSE;
}

void __interceptor_free (void *memory) __attribute__ ((weak));
void __libc_free (void *memory);

/* What GLib keeps in its main contexts is made on one thread and freed on another, under locks that nobody sees. g_free() jumps
 * here, so what we free ourselves is still seen. dlsym() can't be asked: it frees, too. */
void
free (void *memory)
{
  if (!__interceptor_free)
    {
      __libc_free (memory);
      return;
    }
  const gboolean is_unseen = is_glib (__builtin_return_address (0));
  if (is_unseen)
    __tsan_ignore_thread_begin ();
  __interceptor_free (memory);
  if (is_unseen)
    __tsan_ignore_thread_end ();
}

#define STACK_SIZE (8 * 1024 * 1024)

/* In a forked child, threads get the stacks of those that the fork left behind, and with them the names by which the sanitizer
 * remembers those: it ends the process. So each gets one of its own there, which the child keeps to its end. */
int
pthread_create (pthread_t            *thread,
                const pthread_attr_t *attributes,
                void               *(*func) (void *data),
                void                 *data)
{
  static pid_t process; /* that had the first one */
  int detached = PTHREAD_CREATE_JOINABLE;
  pthread_attr_t own;
  if (!process)
    process = getpid ();
  if (!__tsan_acquire || getpid () == process)
    return REAL (pthread_create) (thread, attributes, func, data);
  void *stack = mmap (NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED)
    return EAGAIN;
  if (attributes)
    pthread_attr_getdetachstate (attributes, &detached);
  pthread_attr_init (&own);
  pthread_attr_setdetachstate (&own, detached);
  pthread_attr_setstack (&own, stack, STACK_SIZE);
  const int result = REAL (pthread_create) (thread, &own, func, data);
  pthread_attr_destroy (&own);
  if (result != 0)
    munmap (stack, STACK_SIZE);
  return result;
}
