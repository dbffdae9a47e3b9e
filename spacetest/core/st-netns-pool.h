/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-transient-netns.h>

G_BEGIN_DECLS

#define ST_TYPE_NETNS_POOL (st_netns_pool_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StNetnsPool, st_netns_pool, ST, NETNS_POOL, GObject)

SPACETEST_AVAILABLE_IN_ALL
StNetnsPool      *st_netns_pool_new         (int      size,
                                             GError **error);
SPACETEST_AVAILABLE_IN_ALL
int               st_netns_pool_get_size    (StNetnsPool *self);
SPACETEST_AVAILABLE_IN_ALL
int               st_netns_pool_get_n_ready (StNetnsPool *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean          st_netns_pool_fill        (StNetnsPool  *self,
                                             GCancellable *cancellable,
                                             GError      **error);
SPACETEST_AVAILABLE_IN_ALL
StTransientNetns *st_netns_pool_acquire     (StNetnsPool *self,
                                             GError     **error);
SPACETEST_AVAILABLE_IN_ALL
void              st_netns_pool_close       (StNetnsPool *self);

G_END_DECLS
