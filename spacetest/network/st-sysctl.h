/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
char     *st_space_get_sysctl (StSpace    *self,
                               const char *name,
                               GError    **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean  st_space_set_sysctl (StSpace    *self,
                               const char *name,
                               const char *value,
                               GError    **error);

G_END_DECLS
