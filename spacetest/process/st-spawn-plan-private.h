/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <gio/gio.h>

/* How a program is to be started, wherever that is. */

typedef struct
{
  int source; /* ours */
  int target; /* its number in the program */
} StSpawnFd;

/* One of standard input, output and error: at most one of both is there. */
typedef struct
{
  int fd; /* ours, or -1 */
  char *path;
} StSpawnStdio;

typedef struct
{
  GSubprocessFlags flags;
  char *directory;    /* inside, or NULL */
  char **environment; /* or NULL: as the caller has it */
  char *no_variable;  /* what somebody took for the name of one, or NULL */
  GArray *fds;        /* of StSpawnFd */
  int program;        /* target of the one that is executed, whatever its name is; or 0 */
  StSpawnStdio stdio[3];
} StSpawnPlan;

void     st_spawn_plan_init         (StSpawnPlan     *self,
                                     GSubprocessFlags flags);
gboolean st_spawn_plan_copy         (StSpawnPlan       *self,
                                     const StSpawnPlan *other,
                                     GError           **error);
void     st_spawn_plan_clear        (StSpawnPlan *self);
void     st_spawn_plan_set_stdio    (StSpawnPlan *self,
                                     int          number,
                                     int          fd,
                                     const char  *path);
gboolean st_spawn_plan_check        (const StSpawnPlan *self,
                                     GError           **error);
int      st_spawn_plan_get_free_fd  (const StSpawnPlan *self);
GSubprocessLauncher *st_spawn_plan_create_launcher (const StSpawnPlan *self,
                                                    GError           **error);
