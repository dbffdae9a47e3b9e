/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The new namespaces around this process, and what belongs into them. */
typedef struct
{
  unsigned int kinds;    /* CLONE_NEW* */
  const char *host_name; /* or NULL */
  int64_t monotonic;     /* how far this clock is ahead of the one outside, in nanoseconds */
  int64_t boottime;
} World;

bool world_make (const World *world); /* FALSE after saying why not */
