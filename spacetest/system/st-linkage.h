/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>

/* How this code came into the process. Plain C without GLib. */

bool st_linkage_is_before_main (const void *address);
