/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The helpers that were cloned from this one and are not reaped yet. */
typedef struct
{
  pid_t *list;
  size_t n;
  size_t room;
} Children;

void children_begin     (Children *children);
bool children_make_room (Children *children); /* for one more */
void children_add       (Children *children,
                         pid_t     pid);
bool children_has       (const Children *children,
                         pid_t           pid);
void children_reap      (Children *children); /* and whatever else ended as a child of ours */
void children_signal    (const Children *children,
                         int             number);
