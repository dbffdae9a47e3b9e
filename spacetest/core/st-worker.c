/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-worker-private.h"

#include "st-error-private.h"
#include "st-stay-private.h"

#include <pthread.h>
#include <unistd.h>

#define MAX_LAST_ITERATIONS 1000

typedef enum
{
  JOB_QUEUED,
  JOB_RUNNING,
  JOB_DONE,
} JobState;

/* A function to run: for a caller who waits, or for a task. Guarded by the worker's lock until it is done. */
typedef struct
{
  StWorker *worker;
  StFunc func;
  gpointer user_data;
  GDestroyNotify free_user_data;
  StWorker *waiter; /* whose thread waits for it, or NULL */
  GTask *task;
  gulong cancelled_handler;
  JobState state;
  gboolean result;
  GError *error;
  GCond done;
} Job;

struct _StWorker
{
  gatomicrefcount ref_count;
  pid_t process;
  GThread *thread;
  GMainContext *context;
  GSource *source;    /* the context's */
  GMutex lock;
  GQueue jobs;        /* of Job, those that wait */
  Job *running;
  GQueue finished;    /* of Job, to be delivered; the thread's own */
  gboolean stopping;  /* takes no more jobs, and ends after the last */
  StWorker *awaited;  /* the one that the thread waits for, or NULL; guarded by waits_lock */
};

static GMutex waits_lock; /* the innermost one */
static _Thread_local StWorker *own; /* of the calling thread, if it is a worker's */

typedef struct
{
  GSource parent;
  StWorker *worker;
} JobSource;

static void
free_job_data (Job *job)
{
  if (job->free_user_data)
    g_steal_pointer (&job->free_user_data) (job->user_data);
}

static void
job_clear (gpointer data)
{
  Job *job = data;
  free_job_data (job);
  g_clear_object (&job->task);
  g_clear_error (&job->error);
  g_cond_clear (&job->done);
  st_worker_unref (job->worker);
}

static void
job_release (gpointer job)
{
  g_atomic_rc_box_release_full (job, job_clear);
}

static Job *
job_new (StWorker *worker,
         StFunc    func,
         gpointer  user_data)
{
  Job *job = g_atomic_rc_box_new0 (Job);
  job->worker = st_worker_ref (worker);
  job->func = func;
  job->user_data = user_data;
  g_cond_init (&job->done);
  return job;
}

/* A function waits for one other at a time. Those that wait for each other in a circle would do so for ever. */
static gboolean
begin_wait (StWorker *worker,
            GError  **error)
{
  StWorker *last = worker;
  g_mutex_lock (&waits_lock);
  while (last && last != own)
    last = last->awaited;
  if (!last)
    own->awaited = worker;
  g_mutex_unlock (&waits_lock);
  if (last)
    g_set_error (error, ST_ERROR, ST_ERROR_WRONG_THREAD,
                 "cannot run a function: the thread of that space waits for the one that asks, so both would wait for ever (use the "
                 "asynchronous form in one of them, or have the first caller run one after the other)");
  return !last;
}

/* As soon as the function is done: its thread may ask the one that waited before that has woken up. */
static void
end_wait (StWorker *waiter)
{
  g_mutex_lock (&waits_lock);
  waiter->awaited = NULL;
  g_mutex_unlock (&waits_lock);
}

/* Takes @error. With the worker's lock held; job_deliver() must follow without it. */
static void
job_finish (Job     *job,
            gboolean result,
            GError  *error)
{
  if (job->waiter)
    end_wait (job->waiter);
  job->state = JOB_DONE;
  job->result = result;
  job->error = error;
}

/* Who waits is woken without the lock, or would stumble over it. A task's callback may run at once, and do anything. */
static void
job_deliver (Job *job)
{
  if (!job->task)
    {
      g_cond_signal (&job->done);
      return;
    }
  if (job->cancelled_handler)
    g_clear_signal_handler (&job->cancelled_handler, g_task_get_cancellable (job->task));
  free_job_data (job); /* before anybody hears of the result, who may look for what is left over */
  if (job->result)
    g_task_return_boolean (job->task, TRUE);
  else
    g_task_return_error (job->task, g_steal_pointer (&job->error));
}

/* A function that waits can be cancelled; one that runs can't. */
static void
on_cancelled (GCancellable *cancellable,
              gpointer      data)
{
  Job *job = data;
  StWorker *worker = job->worker;
  g_mutex_lock (&worker->lock);
  gboolean waits = job->state == JOB_QUEUED;
  gboolean was_queued = waits && g_queue_remove (&worker->jobs, job);
  if (waits)
    job_finish (job, FALSE, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled before the function could run"));
  g_mutex_unlock (&worker->lock);
  if (was_queued)
    {
      job_deliver (job);
      job_release (job);
    }
}

/* Takes no more jobs, and runs none of those that wait. Without the lock. */
static void
refuse_jobs (StWorker   *self,
             const char *why)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  for (Job *job; (job = g_queue_pop_head (&self->jobs));)
    {
      job_finish (job, FALSE, g_error_new_literal (ST_ERROR, ST_ERROR_CALLBACK_FAILED, why));
      g_queue_push_tail (&self->finished, job);
    }
  g_mutex_unlock (&self->lock);
}

static void
finish_running (StWorker *self,
                gboolean  result,
                GError   *error)
{
  g_mutex_lock (&self->lock);
  Job *job = g_steal_pointer (&self->running);
  job_finish (job, result, error);
  g_queue_push_tail (&self->finished, job);
  g_mutex_unlock (&self->lock);
}

/* What frees a function's data may end the thread: a job stays in the queue until it is delivered. */
static void
deliver_finished (StWorker *self)
{
  for (Job *job; (job = g_queue_peek_head (&self->finished));)
    {
      job_deliver (job);
      g_queue_remove (&self->finished, job);
      job_release (job);
    }
}

static gboolean
deliver_there (gpointer job)
{
  job_deliver (job);
  return G_SOURCE_REMOVE;
}

/* A thread that ends calls nobody any more: the interpreter of a language that ends would end it again, in the middle of that. Whoever
 * asked frees the data and hears of the result in his own main context; if he asked from this thread, nobody is left to do so. */
static void
send_finished (StWorker *self)
{
  for (Job *job; (job = g_queue_pop_head (&self->finished));)
    if (!job->task)
      {
        job_deliver (job);
        job_release (job);
      }
    else if (g_task_get_context (job->task) != self->context)
      {
        g_autoptr (GSource) source = g_idle_source_new ();
        g_source_set_priority (source, g_task_get_priority (job->task));
        g_source_set_callback (source, deliver_there, job, job_release);
        g_source_attach (source, g_task_get_context (job->task));
      }
}

static void
stop_source (StWorker *self)
{
  g_autoptr (GSource) source = g_steal_pointer (&self->source);
  if (source)
    g_source_destroy (source);
}

/* A function, or what is called between functions, ends the thread instead of returning. GLib can't free a context that was being
 * dispatched then; and to free one calls those whose sources are left in it, so if this is the last reference, it stays. */
static void
on_thread_exit (void *data)
{
  StWorker *self = data;
  if (g_main_depth () > 0)
    g_main_context_ref (self->context);
  stop_source (self);
  refuse_jobs (self, "an earlier function ended the thread");
  if (self->running)
    finish_running (self, FALSE,
                    g_error_new_literal (ST_ERROR, ST_ERROR_CALLBACK_FAILED, "the function ended its thread instead of returning"));
  send_finished (self);
  (void) !g_atomic_ref_count_dec (&self->ref_count); /* worker_main()'s own */
}

static gboolean
run_job (Job     *job,
         GError **failure)
{
  st_func_run (job->func, job->user_data, failure);
  st_stay_end_inner (st_thread_self (), NULL, failure);
  return *failure == NULL;
}

static void
serve (StWorker *self)
{
  g_mutex_lock (&self->lock);
  Job *job = g_queue_pop_head (&self->jobs);
  self->running = job;
  if (job)
    job->state = JOB_RUNNING;
  g_mutex_unlock (&self->lock);
  if (!job)
    return;

  GError *error = NULL;
  gboolean result = run_job (job, &error);
  if (!st_thread_check (st_thread_self (), NULL))
    refuse_jobs (self, "an earlier function took the thread where it can't come home from");
  finish_running (self, result, error);
  deliver_finished (self);
}

/* A function that iterates the context itself is not disturbed by those that wait for it. */
static gboolean
job_source_check (GSource *source)
{
  StWorker *worker = ((JobSource *) source)->worker;
  g_mutex_lock (&worker->lock);
  gboolean ready = !worker->running && (!g_queue_is_empty (&worker->jobs) || worker->stopping);
  g_mutex_unlock (&worker->lock);
  return ready;
}

static gboolean
job_source_prepare (GSource *source,
                    int     *timeout)
{
  *timeout = -1;
  return job_source_check (source);
}

static gboolean
job_source_dispatch (GSource    *source,
                     GSourceFunc callback,
                     gpointer    user_data)
{
  return G_SOURCE_CONTINUE; /* the iteration ends, and worker_main() does it */
}

static GSourceFuncs job_source_funcs = { .prepare = job_source_prepare, .check = job_source_check, .dispatch = job_source_dispatch };

static gboolean
is_finished (StWorker *self)
{
  g_mutex_lock (&self->lock);
  gboolean finished = self->stopping && g_queue_is_empty (&self->jobs);
  g_mutex_unlock (&self->lock);
  return finished;
}

static void
start_source (StWorker *self)
{
  self->source = g_source_new (&job_source_funcs, sizeof (JobSource));
  ((JobSource *) self->source)->worker = self;
  g_source_attach (self->source, self->context);
}

/* What is ready by now, cancelled operations above all: they would keep the context, which keeps them. */
static void
finish_parked (GMainContext *context)
{
  for (int i = 0; i < MAX_LAST_ITERATIONS && g_main_context_iteration (context, FALSE); i++)
    ;
}

static gpointer
worker_main (gpointer data)
{
  StWorker *self = data;
  st_thread_self ()->is_worker = TRUE;
  own = self;
  g_main_context_push_thread_default (self->context);
  start_source (self);
  pthread_cleanup_push (on_thread_exit, self);
  while (!is_finished (self))
    {
      g_main_context_iteration (self->context, TRUE);
      serve (self);
    }
  stop_source (self);
  finish_parked (self->context);
  pthread_cleanup_pop (FALSE);
  g_main_context_pop_thread_default (self->context);
  st_worker_unref (self);
  return NULL;
}

StWorker *
st_worker_new (const char *name,
               GError    **error)
{
  int result = st_system_check_spare_descriptors (); /* without one for its main context, GLib ends the process */
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot start a thread");
      return NULL;
    }
  g_autoptr (StWorker) self = g_new0 (StWorker, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->process = getpid ();
  self->context = g_main_context_new ();
  g_mutex_init (&self->lock);
  g_queue_init (&self->jobs);
  g_queue_init (&self->finished);
  self->thread = st_thread_start (name, worker_main, st_worker_ref (self), error);
  if (!self->thread)
    {
      st_worker_unref (self);
      return NULL;
    }
  return g_steal_pointer (&self);
}

StWorker *
st_worker_ref (StWorker *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
st_worker_unref (StWorker *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
settle (gpointer data,
        GError **error)
{
  return st_stay_settle (data, error);
}

/* Moves the worker for good. If that fails, it is good for nothing but stopping. */
gboolean
st_worker_settle (StWorker          *self,
                  const StHandleSet *targets,
                  GError           **error)
{
  return st_worker_run (self, settle, (gpointer) targets, NULL, error);
}

/* Unless it was cancelled already. */
static void
enqueue (StWorker *self,
         Job      *job)
{
  g_mutex_lock (&self->lock);
  if (job->state == JOB_QUEUED && self->stopping)
    job_finish (job, FALSE, g_error_new_literal (ST_ERROR, ST_ERROR_CLOSED, "the space's thread has ended"));
  gboolean accepted = job->state == JOB_QUEUED;
  if (accepted)
    g_queue_push_tail (&self->jobs, g_atomic_rc_box_acquire (job));
  g_mutex_unlock (&self->lock);
  if (accepted)
    g_main_context_wakeup (self->context);
  else
    job_deliver (job);
}

gboolean
st_worker_run (StWorker     *self,
               StFunc        func,
               gpointer      user_data,
               GCancellable *cancellable,
               GError      **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (self->thread == g_thread_self ())
    return st_func_run (func, user_data, error);
  if (own && !begin_wait (self, error))
    return FALSE;

  Job *job = job_new (self, func, user_data);
  job->waiter = own;
  gulong handler = cancellable ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), job, NULL) : 0;
  enqueue (self, job);
  g_mutex_lock (&self->lock);
  while (job->state != JOB_DONE)
    g_cond_wait (&job->done, &self->lock);
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, handler);

  gboolean result = job->result;
  if (job->error)
    g_propagate_error (error, g_steal_pointer (&job->error));
  job_release (job);
  return result;
}

/* Takes @task and @user_data. */
void
st_worker_run_task (StWorker      *self,
                    StFunc         func,
                    gpointer       user_data,
                    GDestroyNotify free_user_data,
                    GTask         *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Job *job = job_new (self, func, user_data);
  job->free_user_data = free_user_data;
  job->task = task;
  if (cancellable)
    job->cancelled_handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), g_atomic_rc_box_acquire (job), job_release);
  enqueue (self, job);
  job_release (job);
}

/* For what nobody waits for: it says itself how it went. */
void
st_worker_post (StWorker *self,
                StFunc    func,
                gpointer  user_data)
{
  Job *job = job_new (self, func, user_data);
  enqueue (self, job);
  job_release (job);
}

/* A fork leaves the thread behind. */
gboolean
st_worker_is_alive (StWorker *self)
{
  if (self->process != getpid ())
    return FALSE;
  g_mutex_lock (&self->lock);
  gboolean alive = !self->stopping;
  g_mutex_unlock (&self->lock);
  return alive;
}

/* Ends the worker after what is queued, waits for that, and takes the caller's reference. */
void
st_worker_stop (StWorker *self)
{
  if (self->process == getpid ())
    {
      g_mutex_lock (&self->lock);
      self->stopping = TRUE;
      g_mutex_unlock (&self->lock);
      g_main_context_wakeup (self->context);
      if (self->thread == g_thread_self ())
        g_thread_unref (self->thread);
      else
        g_thread_join (self->thread);
    }
  st_worker_unref (self);
}
