/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Sysctls of the namespaces that the calling thread is in: the kernel looks at who opens the file. Plain C without GLib. Names
 * are paths below /proc/sys, and not checked. Results are >= 0, or -errno. */

int st_proc_sys_read       (const char *name,
                            char      **value,
                            size_t     *length);
int st_proc_sys_write      (const char *name,
                            const char *value,
                            size_t      length);
int st_proc_sys_allow_ping (void);
