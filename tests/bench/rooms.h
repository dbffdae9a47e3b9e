/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "raw.h"

#include <spacetest/spacetest.h>

/* A namespace of each kind a thread can enter, held by the library, and what the raw controls need of the same kinds. */
typedef struct
{
  RawKind raw_net, raw_uts, raw_ipc, raw_cgroup;
  StSpace *net, *uts, *ipc, *cgroup, *mnt;
} Rooms;

void rooms_init           (Rooms *self);
void rooms_clear          (Rooms *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rooms, rooms_clear)

gboolean room_work            (gpointer unused,
                               GError **error);
gboolean room_failing_work    (gpointer unused,
                               GError **error);

/* Operations; @data is an StSpace. What fails ends the program. */
void     room_call            (gpointer data);
void     room_enter_and_leave (gpointer data);
void     room_run             (gpointer data);
void     room_run_async       (gpointer data);
