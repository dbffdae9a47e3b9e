/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/inside/st-reexec-options.h>

G_BEGIN_DECLS

/**
 * StActionFunc: (skip)
 * @parameter: (nullable): what was given to [func@Spacetest.reexec_run], or %NULL for nothing
 * @error: return location for an error of any domain, which arrives at the caller
 *
 * What a fresh copy of the program does inside a space.
 *
 * Nothing of the caller's process is there: no variables, no threads, no objects.
 *
 * Returns: (transfer full): the result, which may be floating, and is `g_variant_new ("()")` if there is nothing to say; or %NULL with @error set. %NULL
 *   without an error is %ST_ERROR_CALLBACK_FAILED.
 *
 * Since: 0.1
 */
typedef GVariant *(*StActionFunc) (GVariant *parameter,
                                   GError  **error);

SPACETEST_AVAILABLE_IN_ALL
gboolean  st_reexec_register         (const char  *name,
                                      StActionFunc func,
                                      GError     **error);
SPACETEST_AVAILABLE_IN_ALL
void      st_reexec_init             (int    *argc,
                                      char ***argv);
SPACETEST_AVAILABLE_IN_ALL
GVariant *st_reexec_run              (StSpace      *space,
                                      const char   *name,
                                      GVariant     *parameter,
                                      GCancellable *cancellable,
                                      GError      **error);
SPACETEST_AVAILABLE_IN_ALL
GVariant *st_reexec_run_with_options (StSpace         *space,
                                      const char      *name,
                                      GVariant        *parameter,
                                      StReexecOptions *how,
                                      GCancellable    *cancellable,
                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
void      st_reexec_run_async        (StSpace            *space,
                                      const char         *name,
                                      GVariant           *parameter,
                                      StReexecOptions    *how,
                                      GCancellable       *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
GVariant *st_reexec_run_finish       (GAsyncResult *result,
                                      GError      **error);

SPACETEST_AVAILABLE_IN_ALL
gboolean  st_reexec_is_inside        (void);
SPACETEST_AVAILABLE_IN_ALL
GVariant *st_reexec_receive          (GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean  st_reexec_reply            (GVariant *result,
                                      GError  **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean  st_reexec_reply_error      (const char *domain,
                                      int         code,
                                      const char *message,
                                      GError    **error);

G_END_DECLS
