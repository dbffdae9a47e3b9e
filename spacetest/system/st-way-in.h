/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The way into the namespaces of a thread of this process, for somebody who looks at it from outside. Plain C without GLib.
 * All of it is safe in a signal handler. */

#define ST_WAY_IN_NAME_SIZE 48
#define ST_WAY_IN_SIZE 384
#define ST_WAY_IN_NUMBER_SIZE 16

/* As the kernel writes them, "net:[4026531833]"; empty where that is not known, which counts as somewhere else. */
typedef struct
{
  char of_kind[ST_N_KINDS][ST_WAY_IN_NAME_SIZE];
} StWhereabouts;

void st_way_in_find      (StWhereabouts *self,
                          pid_t          pid); /* 0: the calling thread */
bool st_way_in_list      (const StWhereabouts *self,
                          const StWhereabouts *home,
                          char                 text[ST_WAY_IN_SIZE]);
void st_way_in_number    (int                  proc, /* a /proc that whoever looks has; or -1: ours */
                          bool                 of_thread,
                          char                 number[ST_WAY_IN_NUMBER_SIZE]);
void st_way_in_describe  (const StWhereabouts *self,
                          const StWhereabouts *outside,
                          const char          *number, /* of the thread */
                          char                 command[ST_WAY_IN_SIZE]);
int  st_way_in_next_held (const StWhereabouts *home,
                          int                  after,
                          const StKind       **kind,
                          char                 name[ST_WAY_IN_NAME_SIZE]);
void st_way_in_describe_held (const StWhereabouts *home,
                              const StWhereabouts *outside,
                              const char          *number, /* of the process */
                              const StKind        *kind,
                              int                  fd,
                              char                 command[ST_WAY_IN_SIZE]);
