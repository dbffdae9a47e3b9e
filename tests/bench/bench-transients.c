/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "raw.h"

#include "st-kernel.h"

#include <spacetest/spacetest.h>

/* Only the making is timed: dropping closes a descriptor, for us as for the control. */
typedef struct
{
  StNamespaceType type;
  StNamespaceRef *made[RAW_MAX_MADE];
  int n_made;
} Maker;

static void
make (gpointer data)
{
  Maker *maker = data;
  g_autoptr (GError) error = NULL;
  maker->made[maker->n_made++] = st_namespace_ref_new_transient (maker->type, &error);
  g_assert_no_error (error);
}

static void
drop (gpointer data)
{
  Maker *maker = data;
  while (maker->n_made > 0)
    g_object_unref (maker->made[--maker->n_made]);
}

static void
make_small_ones (Bench *bench)
{
  RawKind raw_uts, raw_cgroup, raw_ipc;
  Maker uts = { ST_NAMESPACE_UTS }, cgroup = { ST_NAMESPACE_CGROUP }, ipc = { ST_NAMESPACE_IPC };
  raw_kind_init (&raw_uts, CLONE_NEWUTS, "uts", ST_PIDFD_GET_UTS);
  raw_kind_init (&raw_cgroup, CLONE_NEWCGROUP, "cgroup", ST_PIDFD_GET_CGROUP);
  raw_kind_init (&raw_ipc, CLONE_NEWIPC, "ipc", ST_PIDFD_GET_IPC);

  const BenchRow rows[] = {
    { "raw uts", raw_make, &raw_uts, 1, .after = raw_drop },
    { "new uts", make, &uts, 1, "raw uts", 1.25, drop },
    { "raw cgroup", raw_make, &raw_cgroup, 1, .after = raw_drop },
    { "new cgroup", make, &cgroup, 1, "raw cgroup", 1.4, drop },
    { "raw ipc", raw_make, &raw_ipc, 1, .after = raw_drop },
    { "new ipc", make, &ipc, 1, "raw ipc", 1.1, drop },
  };
  bench_table (bench, "transients, not entered", rows, G_N_ELEMENTS (rows));

  raw_kind_clear (&raw_uts);
  raw_kind_clear (&raw_cgroup);
  raw_kind_clear (&raw_ipc);
}

/* Those of the library are made on another thread, those of the control here. */
static void
make_mount_tables (Bench *bench)
{
  RawKind raw;
  Maker maker = { ST_NAMESPACE_MNT };
  raw_own_fs ();
  raw_kind_init (&raw, CLONE_NEWNS, "mnt", ST_PIDFD_GET_MNT);
  const BenchRow rows[] = {
    { "raw mnt", raw_make_private, &raw, 1, .after = raw_drop },
    { "new mnt", make, &maker, 1, "raw mnt", 1.4, drop },
  };
  bench_table (bench, "", rows, G_N_ELEMENTS (rows));
  raw_kind_clear (&raw);
}

static void
make_networks (Bench *bench)
{
  RawKind raw;
  Maker maker = { ST_NAMESPACE_NET };
  raw_kind_init (&raw, CLONE_NEWNET, "net", ST_PIDFD_GET_NET);
  const BenchRow rows[] = {
    { "raw net", raw_make_lo_up, &raw, 1, .after = raw_drop },
    { "new net", make, &maker, 1, "raw net", 1.05, drop },
  };
  bench_table (bench, "", rows, G_N_ELEMENTS (rows));
  raw_kind_clear (&raw);
}

/* Apart, as the kernel takes away a dropped mount table or network later, at the cost of whoever runs then. */
void
bench_transients (Bench *bench)
{
  make_small_ones (bench);
  make_mount_tables (bench);
  make_networks (bench);
}
