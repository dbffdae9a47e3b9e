/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <stdbool.h>

/* A single-threaded process that goes into a set of namespaces for good. Plain C without GLib. Results are >= 0, or -errno. */

typedef struct
{
  int fds[ST_N_KINDS];      /* by StKindIndex, the caller's; -1 for what stays as it is */
  unsigned int kinds;       /* CLONE_NEW* of those it is not in yet */
  bool takes_child;         /* a process can't change its own PID namespace: its next child is there */
  int owner;                /* user namespace that was joined though not given, to be allowed the others; ours, or -1 */
  unsigned int failed;      /* the kind that a failure is about */
} StJoin;

int  st_join_plan        (StJoin    *self,
                          const int *fds);
int  st_join_enter       (StJoin *self);
int  st_join_get_user    (const StJoin *self);
int  st_join_become_root (void);
void st_join_clear       (StJoin *self);
