/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-space.h"
#include "st-spawn-plan-private.h"

#include <stdarg.h>

GSubprocess *st_spawn_list  (StSpace           *space,
                             const StSpawnPlan *plan,
                             const char        *argv0,
                             va_list            rest,
                             GError           **error);
void         st_spawn_task  (GTask             *task,
                             StSpace           *space,
                             const char *const *argv,
                             const StSpawnPlan *plan);
