/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-shadow.h"
#include "st-signals.h"

/* A process that stands in for its child, the command: it passes signals on, stops when the command stops, goes on when it goes
 * on, and ends as it ends. Plain C without GLib. Results are >= 0, or -errno. */

#define ST_MIRROR_MOST_KEPT 3

typedef struct
{
  StSignals held;
  int signals;
  StShadow shadow;
  pid_t command;
  int pidfd; /* of the command */
  int gate;  /* the command waits for a byte; nothing comes if it is not to be */
  int kept[ST_MIRROR_MOST_KEPT];
  int n_kept;
} StMirror;

int  st_mirror_prepare       (StMirror *self);
int  st_mirror_fork          (StMirror *self,
                              int       user_namespace);
void st_mirror_bind          (void);
void st_mirror_keep          (StMirror *self,
                              int       fd);
int  st_mirror_run           (StMirror *self);
void st_mirror_abandon       (StMirror *self);
void st_mirror_forget        (StMirror *self);
noreturn void st_mirror_end  (int status);
