/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* A process that stands in for a test program, and ends as that does, but with success only if the program has said that it came to its
 * end: _exit() and exec take a program away without asking anybody in it. Plain C without GLib. Results are >= 0, or -errno. */

typedef enum
{
  ST_WITNESS_WELL = 'w',   /* from now on the program may end with success */
  ST_WITNESS_FAILED = 'f', /* it may not, whatever else is said */
} StWitnessWord;

int  st_witness_start (void);
void st_witness_tell  (StWitnessWord word);
