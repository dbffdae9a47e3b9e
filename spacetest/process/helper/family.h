/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Processes that are to end with all that descends from them. Who has lost his parent belongs to nobody here. */

typedef struct
{
  pid_t pid; /* 0 if that is not known */
  int pidfd;
} Member;

typedef struct
{
  Member *list;
  size_t n;
  size_t n_heads; /* the first ones, whose descriptors are somebody else's */
  size_t room;
} Family;

void family_add  (Family *self,
                  int     pidfd); /* the head of one, to be added before the family is killed */
void family_kill (Family *self);  /* nothing is left in it */
