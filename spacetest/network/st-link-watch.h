/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
gboolean st_link_watch   (StLink  *self,
                          GError **error);
SPACETEST_AVAILABLE_IN_ALL
void     st_link_unwatch (StLink *self);

G_END_DECLS
