/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-signals.h"

#include <stdnoreturn.h>

/* PID 1 of a new pid namespace: mounts its /proc, starts the command, reaps whatever ends there, and ends as soon as the
 * command did or the keeper outside is gone; with it the kernel ends everything that is left. */

typedef enum
{
  INIT_STARTED,      /* nothing can fail any more but the command */
  INIT_CONTINUED,    /* it runs again */
  INIT_STOPPED,      /* by the signal VALUE */
  INIT_ENDED,        /* with the wait status VALUE */
  INIT_NO_PROC,      /* errno VALUE, as for those below: no fresh /proc */
  INIT_NO_DIRECTORY, /* the working directory is not in it */
  INIT_NO_FORK,
} InitEvent;

typedef struct
{
  InitEvent event;
  int value;
} InitReport;

/* What the keeper writes into the lifeline: the number of the stop after which the command is to go on, as far as it fits.
 * Anything else the first time, when it may start. */
typedef unsigned char InitOrder;

typedef struct
{
  char **argv;
  const StSignals *signals; /* for the command */
  int lifeline;             /* where InitOrders come from; at its end when the keeper is gone */
  int signal_fd;
  int reports;              /* where InitReports go */
} InitPlan;

noreturn void init_run (const InitPlan *plan);
