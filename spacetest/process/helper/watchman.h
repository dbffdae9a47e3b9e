/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "children.h"
#include "guard.h"
#include "st-wire.h"

/* A child of the helper that holds what the helper guards, and kills it when the helper is gone, by whatever cause. */

typedef struct
{
  pid_t pid;
  int socket; /* what is to be held goes there; hangs up when the watchman has ended; -1 if there is none */
} Watchman;

void watchman_begin (Watchman *self);
/* Starts one, with all that is guarded, if one is needed and there is none. */
int  watchman_keep  (Watchman *self,
                     Guard    *guard,
                     Children *children);
/* What came with @message is guarded from now on. */
int  watchman_tell  (Watchman            *self,
                     const StWireMessage *message,
                     Guard               *guard,
                     Children            *children);
/* Everything is killed: the watchman ends. So it does if it is no use any more. */
void watchman_end   (Watchman *self);
