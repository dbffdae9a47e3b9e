/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <sys/types.h>

/* Children of a program with one thread. Plain C without GLib. Results are >= 0, or -errno. @flags are CLONE_NEW*. */

pid_t        st_child_fork         (unsigned int flags); /* 0 in the child */
int          st_child_run          (unsigned int flags,
                                    void       (*func) (void *data),
                                    void        *data);
unsigned int st_child_find_refused (unsigned int flags);
