/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-thread-private.h"

#include "st-error-private.h"
#include "st-kernel.h"
#include "st-stay-private.h"

#include <pthread.h>
#include <unistd.h>

static GMutex threads_lock;
static GPtrArray *threads; /* of StThread, guarded by threads_lock */

static void
st_thread_free (gpointer data)
{
  StThread *self = data;
  st_stay_note_abandoned (self, NULL);
  g_mutex_lock (&threads_lock);
  g_ptr_array_remove_fast (threads, self);
  g_mutex_unlock (&threads_lock);

  while (self->innermost)
    st_stay_abandon (self->innermost);
  g_mutex_clear (&self->lock);
  g_free (self->no_return);
  g_free (self);
}

static GPrivate current = G_PRIVATE_INIT (st_thread_free);

/* Of all threads, only the one that forked goes on in the child. */
static void
forget_other_threads (void)
{
  StThread *self = g_private_get (&current);
  g_mutex_init (&threads_lock);
  st_stay_forget_abandoned ();
  g_clear_pointer (&threads, g_ptr_array_unref);
  threads = g_ptr_array_new ();
  if (!self)
    return;
  self->tid = gettid ();
  self->returned = 0; /* it may become root of a user namespace now */
  g_ptr_array_add (threads, self);
}

static gboolean
is_alone (void)
{
  g_autoptr (GDir) threads_there = g_dir_open ("/proc/self/task", 0, NULL);
  return threads_there && g_dir_read_name (threads_there) && !g_dir_read_name (threads_there);
}

static pid_t served; /* the process that has GLib's thread, as far as it can be told */

/* GLib starts its "gmain" thread when it first needs one, and there it stays. GTask's type needs it. If there is no second thread
 * now, it was started before a fork. */
static void
prepare_process (void)
{
  static gsize started;
  if (g_once_init_enter (&started))
    {
      g_type_ensure (G_TYPE_TASK);
      served = is_alone () ? 0 : getpid ();
      pthread_atfork (NULL, NULL, forget_other_threads);
      g_once_init_leave (&started, 1);
    }
}

/* Whether GLib can wait for children here. */
gboolean
st_thread_is_served (void)
{
  st_thread_self ();
  return served == getpid ();
}

StThread *
st_thread_self (void)
{
  StThread *self = g_private_get (&current);
  if (G_LIKELY (self))
    return self;

  prepare_process ();
  self = g_new0 (StThread, 1);
  self->tid = gettid ();
  g_mutex_init (&self->lock);
  g_private_set (&current, self);

  g_mutex_lock (&threads_lock);
  if (!threads)
    threads = g_ptr_array_new ();
  g_ptr_array_add (threads, self);
  g_mutex_unlock (&threads_lock);
  return self;
}

/* Where GLib would end the process, as well as where it would not. */
GThread *
st_thread_start (const char *name,
                 GThreadFunc func,
                 gpointer    data,
                 GError    **error)
{
  g_autoptr (GError) failure = NULL;
  st_thread_self (); /* starts what must be started at home */
  if (!st_system_may_start_threads ())
    {
      g_set_error (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED, "cannot start a thread: after unshare(CLONE_NEWPID) the kernel allows none");
      return NULL;
    }
  GThread *thread = g_thread_try_new (name, func, data, &failure);
  if (!thread)
    g_set_error (error, ST_ERROR, ST_ERROR_EXHAUSTED, "cannot start a thread: %s (raise RLIMIT_NPROC, or pids.max of the control group)", failure->message);
  return thread;
}

/* Whether the thread can make visits at all. */
gboolean
st_thread_check (StThread *self,
                 GError  **error)
{
  if (G_LIKELY (!self->no_return))
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_NO_RETURN, "this thread can make no visit any more: %s", self->no_return);
  return FALSE;
}

void
st_thread_lose (StThread     *self,
                const GError *error)
{
  if (!self->no_return)
    self->no_return = g_strdup (error->message);
}

void
st_thread_foreach (void   (*callback) (StThread *thread,
                                       gpointer  data),
                   gpointer data)
{
  g_mutex_lock (&threads_lock);
  for (guint i = 0; threads && i < threads->len; i++)
    callback (threads->pdata[i], data);
  g_mutex_unlock (&threads_lock);
}

typedef struct
{
  const StKind *kind;
  pid_t tid;
  int fd;
} HomeQuery;

static void
find_home (StThread *thread,
           gpointer  data)
{
  HomeQuery *query = data;
  if (thread->tid != query->tid)
    return;
  g_mutex_lock (&thread->lock);
  int home = -1;
  for (StStay *stay = thread->innermost; stay; stay = stay->outer)
    if (stay->home[query->kind->index] >= 0)
      home = stay->home[query->kind->index];
  if (home >= 0)
    query->fd = st_system_dup (home);
  g_mutex_unlock (&thread->lock);
}

/* Where the process is at home: where its main thread is, or will be again. */
int
st_thread_open_home (const StKind *kind)
{
  HomeQuery query = { kind, getpid (), -1 };
  st_thread_foreach (find_home, &query);
  if (query.fd >= 0)
    return query.fd;

  int pidfd = st_kernel_pidfd_open (query.tid);
  if (pidfd < 0)
    return pidfd;
  int fd = st_system_open_process (pidfd, kind);
  close (pidfd);
  return fd;
}

StHandle *
st_thread_get_home (const StKind *kind,
                    GError      **error)
{
  const int fd = st_thread_open_home (kind);
  if (fd >= 0)
    return st_handle_new_take (fd, kind, error);
  st_error_set_result (error, fd, "cannot find the %s namespace of the process", kind->name);
  return NULL;
}

/* Whether the calling thread is where the process is at home. It may not be possible to find out: then this is -errno. */
int
st_thread_is_home (const StKind *kind)
{
  StIdentity home;
  guint64 here;
  const int fd = st_thread_open_home (kind);
  int result = fd < 0 ? fd : st_system_identify (fd, &home);
  if (fd >= 0)
    close (fd);
  if (result == 0)
    result = st_system_current_inode (kind, &here);
  return result < 0 ? result : here == home.inode;
}
