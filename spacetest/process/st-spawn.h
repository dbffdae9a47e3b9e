/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
GSubprocess *st_space_spawnv        (StSpace           *self,
                                     const char *const *argv,
                                     GSubprocessFlags   flags,
                                     GError           **error);
SPACETEST_AVAILABLE_IN_ALL
GSubprocess *st_space_spawn         (StSpace         *self,
                                     GSubprocessFlags flags,
                                     GError         **error,
                                     const char      *argv0,
                                     ...) G_GNUC_NULL_TERMINATED;
SPACETEST_AVAILABLE_IN_ALL
void         st_space_spawnv_async  (StSpace            *self,
                                     const char *const  *argv,
                                     GSubprocessFlags    flags,
                                     GCancellable       *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
GSubprocess *st_space_spawnv_finish (StSpace      *self,
                                     GAsyncResult *result,
                                     GError      **error);

G_END_DECLS
