/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-type.h>

G_BEGIN_DECLS

typedef struct _StNamespaceRef StNamespaceRef;
typedef struct _StVisit StVisit;

/**
 * StFunc:
 * @user_data: what was given along with the function
 * @error: (nullable): return location for an error
 *
 * A function to run in a space.
 *
 * %FALSE without an error becomes %ST_ERROR_CALLBACK_FAILED, so that nothing is lost where a language binding prints an
 * exception and drops it. %TRUE with an error is that error.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
typedef gboolean (*StFunc) (gpointer user_data,
                            GError **error);

#define ST_TYPE_SPACE (st_space_get_type ())
ST_DECLARE_INTERNAL_TYPE (Space, space, SPACE, GObject)

SPACETEST_AVAILABLE_IN_ALL
StSpace         *st_space_new                  (StNamespaceRef **refs,
                                                gsize            n_refs,
                                                GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StSpace         *st_space_new_for_pid          (int              pid,
                                                StNamespaceType  types,
                                                GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StSpace         *st_space_new_transient        (StNamespaceType  types,
                                                GError         **error);
SPACETEST_AVAILABLE_IN_ALL
void             st_space_new_transient_async  (StNamespaceType      types,
                                                GCancellable        *cancellable,
                                                GAsyncReadyCallback  callback,
                                                gpointer             user_data);
SPACETEST_AVAILABLE_IN_ALL
StSpace         *st_space_new_transient_finish (GAsyncResult *result,
                                                GError      **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceType  st_space_get_types            (StSpace *self);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_space_get_ref              (StSpace         *self,
                                                StNamespaceType  type,
                                                GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StVisit         *st_space_enter                (StSpace *self,
                                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_space_call                 (StSpace *self,
                                                StFunc   func,
                                                gpointer user_data,
                                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_space_run_in_thread        (StSpace      *self,
                                                StFunc        func,
                                                gpointer      user_data,
                                                GCancellable *cancellable,
                                                GError      **error);
SPACETEST_AVAILABLE_IN_ALL
void             st_space_run_in_thread_async  (StSpace            *self,
                                                StFunc              func,
                                                gpointer            func_data,
                                                GDestroyNotify      free_func_data,
                                                GCancellable       *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_space_run_in_thread_finish (StSpace      *self,
                                                GAsyncResult *result,
                                                GError      **error);

G_END_DECLS
