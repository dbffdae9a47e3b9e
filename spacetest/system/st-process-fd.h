/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Descriptors of other processes. Results are >= 0, or -errno. */

int      st_process_fd_open_network (pid_t pid,
                                     int   number);
uint64_t st_process_fd_get_device   (const char *link);
