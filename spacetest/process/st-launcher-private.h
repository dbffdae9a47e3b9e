/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-launcher.h"
#include "st-spawn-plan-private.h"

const StSpawnPlan *st_launcher_get_plan (StLauncher *self,
                                         GError    **error);
