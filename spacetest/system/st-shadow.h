/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <sys/types.h>

/* A process that watches over one that stands in for a command, and does what that one can't do itself: it stops the command
 * when a SIGSTOP comes, kills it when a SIGKILL comes, and wakes who is stopped when the command is gone.
 * Plain C without GLib. Results are >= 0, or -errno. */

typedef struct
{
  pid_t pid;
  int socket; /* readable when the command is gone */
} StShadow;

int  st_shadow_start (StShadow *self);
int  st_shadow_show  (const StShadow *self,
                      int             command,
                      int             user_namespace);
void st_shadow_end   (StShadow *self);
