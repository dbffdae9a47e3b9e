/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-space.h"

/* A thread of our own. It is born where its maker stands and serves calls in order, one at a time; in between it waits in a
 * GMainContext of its own, the thread's default, so that what a call started goes on. */
typedef struct _StWorker StWorker;

StWorker *st_worker_new        (const char *name,
                                GError    **error);
StWorker *st_worker_ref        (StWorker *self);
void      st_worker_unref      (StWorker *self);
gboolean  st_worker_settle     (StWorker          *self,
                                const StHandleSet *targets,
                                GError           **error);
gboolean  st_worker_run        (StWorker     *self,
                                StFunc        func,
                                gpointer      user_data,
                                GCancellable *cancellable,
                                GError      **error);
void      st_worker_run_task   (StWorker      *self,
                                StFunc         func,
                                gpointer       user_data,
                                GDestroyNotify free_user_data,
                                GTask         *task);
void      st_worker_post       (StWorker *self,
                                StFunc    func,
                                gpointer  user_data);
gboolean  st_worker_is_alive   (StWorker *self);
void      st_worker_stop       (StWorker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StWorker, st_worker_unref)
