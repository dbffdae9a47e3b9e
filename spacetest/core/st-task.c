/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-task-private.h"

#include "st-error-private.h"
#include "st-thread-private.h"

typedef struct
{
  GTask *task;
  StTaskMakeFunc make;
} Making;

static gpointer
make_object (gpointer data)
{
  g_autofree Making *making = data;
  g_autoptr (GTask) task = making->task;
  GError *error = NULL;
  if (g_task_return_error_if_cancelled (task))
    return NULL;
  GObject *object = making->make (task, &error);
  if (object)
    g_task_return_pointer (task, object, g_object_unref);
  else
    g_task_return_error (task, error);
  return NULL;
}

/* Takes @task. */
void
st_task_make_object (GTask         *task,
                     StTaskMakeFunc make)
{
  g_autoptr (GError) failure = NULL;
  Making *making = g_new (Making, 1);
  making->task = task;
  making->make = make;
  st_thread_self (); /* starts what must be started at home */
  GThread *thread = g_thread_try_new ("st-maker", make_object, making, &failure);
  if (thread)
    {
      g_thread_unref (thread);
      return;
    }
  g_task_return_new_error (task, ST_ERROR, ST_ERROR_EXHAUSTED, "cannot start a thread: %s (raise RLIMIT_NPROC)", failure->message);
  g_object_unref (task);
  g_free (making);
}

static gboolean
check_task (GAsyncResult *result,
            gpointer      source,
            gpointer      source_tag,
            GError      **error)
{
  if (g_task_is_valid (result, source) && g_async_result_is_tagged (result, source_tag))
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "the result is not of this call");
  return FALSE;
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
