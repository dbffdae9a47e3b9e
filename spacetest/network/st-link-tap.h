/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_tap (StSpace    *space,
                         const char *name,
                         GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_tun (StSpace    *space,
                         const char *name,
                         GError    **error);
SPACETEST_AVAILABLE_IN_ALL
int     st_link_dup_fd  (StLink  *self,
                         GError **error);

G_END_DECLS
