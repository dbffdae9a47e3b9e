/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
gboolean st_link_wait_ready        (StLink       *self,
                                    GCancellable *cancellable,
                                    GError      **error);
SPACETEST_AVAILABLE_IN_ALL
void     st_link_wait_ready_async  (StLink             *self,
                                    GCancellable       *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
gboolean st_link_wait_ready_finish (StLink       *self,
                                    GAsyncResult *result,
                                    GError      **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean st_link_wait_route        (StLink       *self,
                                    const char   *destination,
                                    const char   *gateway,
                                    GCancellable *cancellable,
                                    GError      **error);
SPACETEST_AVAILABLE_IN_ALL
void     st_link_wait_route_async  (StLink             *self,
                                    const char         *destination,
                                    const char         *gateway,
                                    GCancellable       *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
gboolean st_link_wait_route_finish (StLink       *self,
                                    GAsyncResult *result,
                                    GError      **error);

G_END_DECLS
