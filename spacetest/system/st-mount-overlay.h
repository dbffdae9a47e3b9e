/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stddef.h>

/* A file that covers another one, for the calling thread's mount namespace. Plain C without GLib. Results are >= 0, or -errno. */

int st_mount_overlay_file (const char *path,
                           const void *content,
                           size_t      size);
