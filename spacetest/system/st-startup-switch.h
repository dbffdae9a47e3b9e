/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* Joins the namespaces that the environment names, before anything else happens in the process. Plain C without GLib. */

#define ST_STARTUP_NO_RETURN 125 /* exit status of a process that is half-joined, and can't come back */

typedef enum
{
  ST_STARTUP_FINE,        /* everything was joined, or nothing was asked for */
  ST_STARTUP_BAD_INPUT,
  ST_STARTUP_WRONG_KIND,
  ST_STARTUP_TOO_LATE,
  ST_STARTUP_REFUSED,
} StStartupOutcome;

typedef struct
{
  StStartupOutcome outcome;
  int result;             /* REFUSED: what the kernel answered */
  char text[640];         /* what happened; REFUSED: what was tried */
} StStartupReport;

void st_startup_switch (const void      *library,
                        StStartupReport *report);
