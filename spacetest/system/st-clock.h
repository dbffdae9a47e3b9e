/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdint.h>

/* Plain C without GLib. Results are >= 0, or -errno. */

int64_t st_clock_get_milliseconds (void); /* CLOCK_MONOTONIC */

/* The clocks of a new time namespace, which nobody is in yet: unshare() has just made it for the children of the calling process. */
int     st_clock_shift            (int64_t monotonic,
                                   int64_t boottime); /* nanoseconds, against the clocks of the process */
int     st_clock_enter_new        (void);             /* of a program with one thread */

/* How far the process's boottime clock, by which /proc says when processes began, is ahead of the machine's; 0 if nobody can tell. */
int64_t st_clock_get_boottime_offset (void); /* nanoseconds */
