/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>

/* An interface of the calling thread's network whose packets are read from and written to a descriptor. Plain C without GLib.
 * Results are >= 0, or -errno. */

#define ST_TAP_NAME_SIZE 16

/* @name may be a pattern, like "tap%d"; it becomes the name that was chosen. */
int st_tap_open (char name[ST_TAP_NAME_SIZE],
                 bool is_ethernet);
