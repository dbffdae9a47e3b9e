/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-signals.h"

#include <stdnoreturn.h>

/* PID 1 of a new pid namespace: mounts its /proc, starts the command, reaps whatever ends there, and ends as soon as the
 * command did or the keeper outside is gone; with it the kernel ends everything that is left. */

typedef enum
{
  INIT_STARTED,      /* the command is on its way */
  INIT_CONTINUED,    /* it runs again */
  INIT_STOPPED,      /* by the signal VALUE */
  INIT_ENDED,        /* with the wait status VALUE */
  INIT_NO_PROC,      /* errno VALUE, as for those below: no fresh /proc */
  INIT_NO_DIRECTORY, /* the working directory is not in it */
  INIT_NO_FORK,
  INIT_NO_EXEC,
} InitEvent;

typedef struct
{
  InitEvent event;
  int value;
} InitReport;

typedef struct
{
  char **argv;
  const StSignals *signals; /* for the command */
  int lifeline;             /* at its end when the keeper is gone */
  int signal_fd;
  int reports;              /* where InitReports go */
} InitPlan;

noreturn void init_run (const InitPlan *plan);
