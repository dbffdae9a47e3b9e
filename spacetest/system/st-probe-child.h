/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <stdbool.h>
#include <stdint.h>

/* Tries out new namespaces in a child that is thrown away. Plain C without GLib. */

typedef enum
{
  ST_PROBE_DONE,     /* everything worked */
  ST_PROBE_START,    /* the child itself */
  ST_PROBE_CREATE,   /* the namespace */
  ST_PROBE_MAP,      /* own ids in the user namespace */
  ST_PROBE_PRIVATE,  /* the mounts of the mount namespace */
  ST_PROBE_SYSFS,    /* of the network namespace, in the mount namespace */
  ST_PROBE_TMPFS,
  ST_PROBE_LOOPBACK,
  ST_PROBE_INIT,     /* PID 1 of the PID namespace */
  ST_PROBE_PROC,     /* of the PID namespace, in the mount namespace */
  ST_PROBE_OFFSETS,  /* of the clocks of the time namespace */
  ST_PROBE_KILLED,   /* the child did not come to an end; the number is a signal */
} StProbeStep;

typedef struct
{
  StProbeStep step;             /* the first that failed */
  StKindIndex kind;             /* what for; not for START and KILLED */
  int number;                   /* errno */
  uint64_t capabilities;        /* effective ones, where and when the step failed */
  uint64_t caller_capabilities;
  unsigned int made;            /* CLONE_NEW*: what there was until the child ended */
  bool in_user;                 /* a user namespace was made first */
  bool user_is_asked_for;
} StProbeReport;

void st_probe_child_run      (unsigned int   flags,
                              StProbeReport *report);
void st_probe_child_describe (const StProbeReport *report,
                              char                *text,
                              size_t               size);
