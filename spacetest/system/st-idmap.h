/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <sys/types.h>

/* Which ids of the parent user namespace are which ones in the calling process's new one. Plain C without GLib.
 * Results are >= 0, or -errno. */

int st_idmap_own_to_root   (uid_t uid,
                            gid_t gid);
int st_idmap_own_to_itself (uid_t uid,
                            gid_t gid);
