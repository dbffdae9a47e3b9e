/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "rooms.h"

#define BATCH 100
#define BAR 2.1

#define ROWS(kind, raw, ref)                                                                  \
  { "raw " kind, raw_visit, raw, BATCH },                                                     \
  { "call in " kind, room_call, ref, BATCH, "raw " kind, BAR },                               \
  { "enter and leave " kind, room_enter_and_leave, ref, BATCH, "raw " kind, BAR }

void
bench_visits (Bench *bench)
{
  g_auto (Rooms) rooms = { 0 };
  rooms_init (&rooms);
  const BenchRow rows[] = {
    ROWS ("net", &rooms.raw_net, rooms.net),
    ROWS ("uts", &rooms.raw_uts, rooms.uts),
    ROWS ("ipc", &rooms.raw_ipc, rooms.ipc),
    ROWS ("cgroup", &rooms.raw_cgroup, rooms.cgroup),
  };
  bench_table (bench, "visits, on the calling thread", rows, G_N_ELEMENTS (rows));
}
