/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <stdbool.h>
#include <sys/types.h>

/* What is to be entered, opened before anything is: from inside, paths and process ids may be others. */

typedef struct
{
  const char *option; /* as on the command line, without the dashes; NULL: not asked for */
  const char *path;   /* or NULL: that of the process */
} TargetPlace;

typedef struct
{
  pid_t pid; /* 0: none */
  bool all;
  TargetPlace kinds[ST_N_KINDS];
  TargetPlace root;
  TargetPlace directory;
} TargetWish;

typedef struct
{
  const TargetWish *wish;
  int process;         /* pidfd */
  int fds[ST_N_KINDS]; /* -1 for those not asked for, as below */
  int root;
  int directory;
} Target;

bool target_open     (Target           *self,
                      const TargetWish *wish); /* FALSE after saying why not */
void target_describe (const Target *self,
                      const StKind *kind,
                      char         *text,
                      size_t        size);
