/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>

/* An interface whose packets are read from and written to a descriptor. Plain C without GLib. Results are >= 0, or -errno. */

#define ST_TAP_NAME_SIZE 16

/* A descriptor without an interface, which belongs to the calling thread's network from then on. */
int st_tap_open  (void);

/* Makes the interface, in the network of the descriptor: who does it may be anywhere, if he has CAP_NET_ADMIN there. @name may be
 * a pattern, like "tap%d"; it becomes the name that was chosen. */
int st_tap_begin (int  fd,
                  char name[ST_TAP_NAME_SIZE],
                  bool is_ethernet);
