/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-ref.h>

G_BEGIN_DECLS

#define ST_TYPE_TRANSIENT_NETNS (st_transient_netns_get_type ())
ST_DECLARE_INTERNAL_TYPE (TransientNetns, transient_netns, TRANSIENT_NETNS, StNamespaceRef)

SPACETEST_AVAILABLE_IN_ALL
StTransientNetns *st_transient_netns_new             (GError **error);
SPACETEST_AVAILABLE_IN_ALL
void              st_transient_netns_new_async       (GCancellable        *cancellable,
                                                      GAsyncReadyCallback  callback,
                                                      gpointer             user_data);
SPACETEST_AVAILABLE_IN_ALL
StTransientNetns *st_transient_netns_new_finish      (GAsyncResult *result,
                                                      GError      **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean          st_transient_netns_get_loopback_up (StTransientNetns *self);

G_END_DECLS
