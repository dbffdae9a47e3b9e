/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-task-private.h"

#include "st-error-private.h"
#include "st-thread-private.h"

typedef struct
{
  GTask *task;
  StTaskMakeFunc make; /* one of them */
  StTaskCheckFunc check;
} Work;

/* Calls whose callbacks have yet to be called. What those would find wrong is lost if the process ends first. */
static struct
{
  GMutex lock;
  GThread *thread; /* that runs the tests: to others their paths are nothing, as GLib frees them; NULL if nobody watches */
  GList *unheard; /* of GTask, the oldest first */
} watch;

static const char test_key[] = "st-task-test";

static void
note_heard (GTask      *task,
            GParamSpec *completed,
            gpointer    unused)
{
  g_mutex_lock (&watch.lock);
  watch.unheard = g_list_remove (watch.unheard, task);
  g_mutex_unlock (&watch.lock);
  g_object_unref (task);
}

static void
note_call (GTask *task)
{
  if (g_thread_self () == watch.thread)
    g_object_set_data_full (G_OBJECT (task), test_key, g_strdup (g_test_get_path ()), g_free);
  g_signal_connect (task, "notify::completed", G_CALLBACK (note_heard), NULL);
  g_mutex_lock (&watch.lock);
  watch.unheard = g_list_append (watch.unheard, g_object_ref (task));
  g_mutex_unlock (&watch.lock);
}

GTask *
st_task_new (gpointer            source,
             GCancellable       *cancellable,
             GAsyncReadyCallback callback,
             gpointer            user_data)
{
  GTask *task = g_task_new (source, cancellable, callback, user_data);
  if (callback && g_atomic_pointer_get (&watch.thread))
    note_call (task);
  return task;
}

void
st_task_watch (void)
{
  g_atomic_pointer_set (&watch.thread, g_thread_self ());
}

static char *
describe (GTask *task)
{
  const char *test = g_object_get_data (G_OBJECT (task), test_key);
  return g_strconcat (g_task_get_name (task), test && *test ? " of " : "", test, NULL);
}

char *
st_task_find_unheard (void)
{
  char *found = NULL;
  g_mutex_lock (&watch.lock);
  for (GList *each = watch.unheard; each && !found; each = each->next)
    if (!g_cancellable_is_cancelled (g_task_get_cancellable (each->data)))
      found = describe (each->data);
  g_mutex_unlock (&watch.lock);
  return found;
}

static void
make_object (GTask         *task,
             StTaskMakeFunc make)
{
  GError *error = NULL;
  GObject *object = make (task, &error);
  if (object)
    g_task_return_pointer (task, object, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
check_it (GTask          *task,
          StTaskCheckFunc check)
{
  GError *error = NULL;
  if (check (task, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gpointer
do_work (gpointer data)
{
  g_autofree Work *work = data;
  g_autoptr (GTask) task = work->task;
  st_thread_self ()->is_worker = TRUE;
  if (g_task_return_error_if_cancelled (task))
    return NULL;
  if (work->make)
    make_object (task, work->make);
  else
    check_it (task, work->check);
  return NULL;
}

static void
start (const Work *work)
{
  GError *failure = NULL;
  Work *order = g_memdup2 (work, sizeof *work);
  GThread *thread = st_thread_start ("st-maker", do_work, order, &failure);
  if (thread)
    {
      g_thread_unref (thread);
      return;
    }
  g_task_return_error (work->task, failure);
  g_object_unref (work->task);
  g_free (order);
}

/* Takes @task. */
void
st_task_make_object (GTask         *task,
                     StTaskMakeFunc make)
{
  start (&(Work){ .task = task, .make = make });
}

/* Takes @task. */
void
st_task_check (GTask          *task,
               StTaskCheckFunc check)
{
  start (&(Work){ .task = task, .check = check });
}

/* A task gives its result once. */
static gboolean
is_first_time (GAsyncResult *result)
{
  static const char key[] = "st-task-finished";
  const gboolean is_first = !g_object_get_data (G_OBJECT (result), key);
  g_object_set_data (G_OBJECT (result), key, GINT_TO_POINTER (TRUE));
  return is_first;
}

static gboolean
check_task (GAsyncResult *result,
            gpointer      source,
            gpointer      source_tag,
            GError      **error)
{
  const char *wrong = NULL;
  if (!g_task_is_valid (result, source) || !g_async_result_is_tagged (result, source_tag))
    wrong = "the result is not of this call";
  else if (!is_first_time (result))
    wrong = "the result was taken already: a call is finished once";
  if (wrong)
    g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "%s", wrong);
  return wrong == NULL;
}

gpointer
st_task_finish_object (GAsyncResult *result,
                       gpointer      source,
                       gpointer      source_tag,
                       GError      **error)
{
  return check_task (result, source, source_tag, error) ? g_task_propagate_pointer (G_TASK (result), error) : NULL;
}

gboolean
st_task_finish_boolean (GAsyncResult *result,
                        gpointer      source,
                        gpointer      source_tag,
                        GError      **error)
{
  return check_task (result, source, source_tag, error) && g_task_propagate_boolean (G_TASK (result), error);
}
