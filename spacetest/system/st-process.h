/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What a single-threaded program does to itself as a whole. Plain C without GLib. Results are >= 0, or -errno. */

#define ST_HOST_NAME_MAX 64

bool st_process_is_admin       (void);               /* CAP_SYS_ADMIN, effective, in its user namespace */
int  st_process_unshare        (unsigned int flags); /* CLONE_NEW*, all or none */
int  st_process_set_host_name  (const char *name);
int  st_process_return_to      (const char *top);
void st_process_leave_directory (void);
int  st_process_fill_stdio     (void);
int  st_process_wait           (pid_t pid);
int  st_process_has_children   (void);
int  st_process_execute        (const char  *path,
                                char *const *argv,
                                char *const *environment);
void st_process_close_all_but  (const int *fds,
                                size_t     n_fds);
