/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-space.h"

/* One thread of the whole process that makes and mounts things, so that no caller's root and working directory are parted from
 * those of the other threads. It stands where the process is at home. */

gboolean st_workshop_run (const StHandleSet *where,
                          StFunc             func,
                          gpointer           user_data,
                          GError           **error);
gboolean st_workshop_can_come_home (void);
