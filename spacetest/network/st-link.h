/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-ref.h>

G_BEGIN_DECLS

#define ST_TYPE_LINK (st_link_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StLink, st_link, ST, LINK, GObject)

SPACETEST_AVAILABLE_IN_ALL
GPtrArray      *st_link_list              (StSpace *space,
                                           GError **error);
SPACETEST_AVAILABLE_IN_ALL
StLink         *st_link_new_for_name      (StSpace    *space,
                                           const char *name,
                                           GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StLink         *st_link_new_for_index     (StSpace *space,
                                           guint    index,
                                           GError **error);
SPACETEST_AVAILABLE_IN_ALL
char           *st_link_get_name          (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
guint           st_link_get_index         (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
char           *st_link_get_kind          (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
char           *st_link_get_mac           (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
guint           st_link_get_mtu           (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_link_is_up             (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_link_has_carrier       (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_link_is_present        (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef *st_link_get_network       (StLink *self);
SPACETEST_AVAILABLE_IN_ALL
StLink         *st_link_get_peer          (StLink  *self,
                                           GError **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_link_equal             (StLink *self,
                                           StLink *other);
SPACETEST_AVAILABLE_IN_ALL
char           *st_link_to_string         (StLink *self);

G_END_DECLS
