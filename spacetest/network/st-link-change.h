/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_set_up      (StLink  *self,
                                gboolean up,
                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_rename      (StLink     *self,
                                const char *name,
                                GError    **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_set_mtu     (StLink  *self,
                                guint    mtu,
                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_set_mac     (StLink     *self,
                                const char *mac,
                                GError    **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_move        (StLink     *self,
                                StSpace    *space,
                                const char *name,
                                GError    **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_add_port    (StLink  *self,
                                StLink  *port,
                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_remove_port (StLink  *self,
                                StLink  *port,
                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
GPtrArray *st_link_list_ports  (StLink  *self,
                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_delete      (StLink  *self,
                                GError **error);

G_END_DECLS
