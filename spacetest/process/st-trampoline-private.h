/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-space.h"
#include "st-spawn-plan-private.h"

/* Starts a program through the helper program, which goes into the space first. */

GSubprocess *st_trampoline_spawn (StSpace            *space,
                                  const char *const  *argv,
                                  const StSpawnPlan  *plan,
                                  GCancellable       *cancellable,
                                  GError            **error);
