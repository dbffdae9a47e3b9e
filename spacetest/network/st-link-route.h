/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

#define ST_TYPE_ROUTE (st_route_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StRoute, st_route, ST, ROUTE, GObject)

SPACETEST_AVAILABLE_IN_ALL
const char *st_route_get_destination (StRoute *self);
SPACETEST_AVAILABLE_IN_ALL
const char *st_route_get_gateway     (StRoute *self);
SPACETEST_AVAILABLE_IN_ALL
guint       st_route_get_metric      (StRoute *self);
SPACETEST_AVAILABLE_IN_ALL
char       *st_route_to_string       (StRoute *self);

SPACETEST_AVAILABLE_IN_ALL
gboolean    st_link_add_route        (StLink     *self,
                                      const char *destination,
                                      const char *gateway,
                                      GError    **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean    st_link_remove_route     (StLink     *self,
                                      const char *destination,
                                      const char *gateway,
                                      GError    **error);
SPACETEST_AVAILABLE_IN_ALL
GPtrArray  *st_link_list_routes      (StLink  *self,
                                      GError **error);

G_END_DECLS
