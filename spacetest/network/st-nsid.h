/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
int st_space_get_nsid    (StSpace *self,
                          StSpace *other,
                          GError **error);
SPACETEST_AVAILABLE_IN_ALL
int st_space_assign_nsid (StSpace *self,
                          StSpace *other,
                          int      number,
                          GError **error);

G_END_DECLS
