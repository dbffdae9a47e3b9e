/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
gboolean st_space_wait_listening        (StSpace        *self,
                                         GSocketAddress *address,
                                         GSocketType     type,
                                         guint           timeout,
                                         GCancellable   *cancellable,
                                         GError        **error);
SPACETEST_AVAILABLE_IN_ALL
void     st_space_wait_listening_async  (StSpace            *self,
                                         GSocketAddress     *address,
                                         GSocketType         type,
                                         guint               timeout,
                                         GCancellable       *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
gboolean st_space_wait_listening_finish (StSpace      *self,
                                         GAsyncResult *result,
                                         GError      **error);

G_END_DECLS
