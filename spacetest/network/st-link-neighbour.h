/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

#define ST_TYPE_NEIGHBOUR (st_neighbour_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StNeighbour, st_neighbour, ST, NEIGHBOUR, GObject)

SPACETEST_AVAILABLE_IN_ALL
const char *st_neighbour_get_address  (StNeighbour *self);
SPACETEST_AVAILABLE_IN_ALL
const char *st_neighbour_get_mac      (StNeighbour *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean    st_neighbour_is_permanent (StNeighbour *self);
SPACETEST_AVAILABLE_IN_ALL
char       *st_neighbour_to_string    (StNeighbour *self);

SPACETEST_AVAILABLE_IN_ALL
gboolean    st_link_add_neighbour     (StLink     *self,
                                       const char *address,
                                       const char *mac,
                                       GError    **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean    st_link_remove_neighbour  (StLink     *self,
                                       const char *address,
                                       GError    **error);
SPACETEST_AVAILABLE_IN_ALL
GPtrArray  *st_link_list_neighbours   (StLink  *self,
                                       GError **error);

G_END_DECLS
