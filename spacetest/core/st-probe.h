/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-type.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
gboolean st_probe        (StNamespaceType types,
                          GCancellable   *cancellable,
                          GError        **error);
SPACETEST_AVAILABLE_IN_ALL
void     st_probe_async  (StNamespaceType     types,
                          GCancellable       *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
gboolean st_probe_finish (GAsyncResult *result,
                          GError      **error);

G_END_DECLS
