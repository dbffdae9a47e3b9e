/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Where a resident with a mount namespace of its own, and nobody else, sees its network. */
#define RESIDENT_DIRECTORY "/tmp"
#define RESIDENT_NET RESIDENT_DIRECTORY "/net-of-the-resident"

/* A process in new namespaces (CLONE_NEW*), the first one in its PID namespace, root if it has a user namespace. */
typedef struct
{
  pid_t pid;
} Resident;

void  resident_start    (Resident *self,
                         int       kinds);
void  resident_stop     (Resident *self);
char *resident_get_path (const Resident *self,
                         const char     *kind);
char *resident_where    (const Resident *self,
                         const char     *kind);
