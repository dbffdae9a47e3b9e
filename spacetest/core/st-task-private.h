/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <gio/gio.h>

/* Tasks whose work is done by a thread of their own: those of GTask's pool serve the whole process afterwards, and must not be
 * born where the caller happens to be. */

typedef gpointer (*StTaskMakeFunc) (GTask   *task,
                                    GError **error);
typedef gboolean (*StTaskCheckFunc) (GTask   *task,
                                     GError **error);

/* As g_task_new(). From st_task_watch() on, calls with a callback are noted until that was called. */
GTask   *st_task_new            (gpointer            source,
                                 GCancellable       *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer            user_data);
void     st_task_watch          (void);
char    *st_task_find_unheard   (void); /* a call that was not cancelled, or NULL */

void     st_task_make_object    (GTask         *task,
                                 StTaskMakeFunc make);
void     st_task_check          (GTask          *task,
                                 StTaskCheckFunc check);
gpointer st_task_finish_object  (GAsyncResult *result,
                                 gpointer      source,
                                 gpointer      source_tag,
                                 GError      **error);
gboolean st_task_finish_boolean (GAsyncResult *result,
                                 gpointer      source,
                                 gpointer      source_tag,
                                 GError      **error);
