/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "rooms.h"

#define BATCH 2000

static void
query_kind (gpointer data)
{
  g_assert_cmpuint (st_namespace_ref_get_namespace_type (data), ==, ST_NAMESPACE_NET);
}

static void
query_id (gpointer data)
{
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (data, NULL);
  g_assert_cmpuint (id->inode, !=, 0);
}

void
bench_queries (Bench *bench)
{
  g_auto (Rooms) rooms = { 0 };
  rooms_init (&rooms);
  const BenchRow rows[] = {
    { "ioctl", raw_query_kind, &rooms.raw_net, BATCH },
    { "kind of a held reference", query_kind, rooms.net, BATCH, "ioctl", 2 },
    { "fstat", raw_query_id, &rooms.raw_net, BATCH },
    { "identity of a held reference", query_id, rooms.net, BATCH, "fstat", 2 },
  };
  bench_table (bench, "questions", rows, G_N_ELEMENTS (rows));
}
