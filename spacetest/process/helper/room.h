/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "reply.h"
#include "st-kind.h"

#include <stdbool.h>

/* A child that goes to other namespaces, or starts in new ones, does something there and is thrown away: the helper itself goes
 * nowhere. */

/* What the child is to do, and what came of it: the memory and the descriptors are shared. */
typedef struct
{
  const StWireMessage *request;
  const void *content;
  bool is_network_home;
  StWireStep step; /* the one that failed, with its kinds */
  uint32_t kinds;
  int result;
  int refused;     /* the namespace that was not to be entered, of the request's */
  StMountSysfs sysfs;
  int fds[ST_N_KINDS];
  size_t n_fds;
} Room;

/* For the child. */
bool room_check            (Room      *room,
                            StWireStep step,
                            uint32_t   kinds,
                            int        result);
void room_keep_fd          (Room *room,
                            int   fd);
int  room_note_sysfs       (Room *room,
                            int   sysfs);
bool room_enter            (Room       *room,
                            StKindIndex index,
                            int         fd);

/* For the helper. Each answers. */
void room_run              (Room        *room,
                            uint32_t     flags,
                            void       (*func) (void *data),
                            const Reply *reply,
                            uint32_t     kinds);
void room_run_with_content (Room        *room,
                            uint64_t     size,
                            StWireStep   step,
                            void       (*func) (void *data),
                            const Reply *reply);
