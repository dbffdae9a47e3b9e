/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>

/* Whose turn it is on the controlling terminal. A shell in a new pid namespace takes it, and can't give it back: process
 * groups from outside have no number in there. */

bool terminal_is_ours   (void);
void terminal_take_back (void); /* from a process group that is gone; needs SIGTTOU blocked */
