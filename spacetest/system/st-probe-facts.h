/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-probe-child.h"

#include <stddef.h>

/* What can be found out about the surroundings of the calling thread after something was refused. Plain C without GLib.
 * Nothing here changes anything. */

bool st_probe_is_filtered       (const StProbeReport *report);
bool st_probe_has_mapped_ids    (void);
bool st_probe_is_in_chroot      (void);
bool st_probe_is_dumpable       (void);
bool st_probe_kernel_has        (const StKind *kind);
bool st_probe_get_process_limit (unsigned long *limit);
bool st_probe_read_number       (const char *path,
                                 long       *number);
bool st_probe_read_label        (char  *label,
                                 size_t size);
long st_probe_count_namespaces  (const StKind *kind);
