/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <sys/types.h>

/* Descriptors of other processes. Results are >= 0, or -errno. */

int st_process_fd_open_network (pid_t pid,
                                int   number);
