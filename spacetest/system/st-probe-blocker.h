/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-probe-child.h"

/* Finds out why the kernel refused. Plain C without GLib. */

typedef enum
{
  ST_BLOCKER_UNSUPPORTED, /* not on this kernel */
  ST_BLOCKER_FORBIDDEN,   /* not for this process */
  ST_BLOCKER_EXHAUSTED,   /* a limit is reached */
  ST_BLOCKER_TRANSIENT,   /* it may work next time */
} StBlockerSort;

typedef struct
{
  StBlockerSort sort;
  char what[256];   /* one line of UTF-8 or whatever the kernel says */
  const char *cure; /* or NULL */
} StBlocker;

void st_probe_blocker_find (const StProbeReport *report,
                            StBlocker           *blocker);
