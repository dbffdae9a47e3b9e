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

/* The mount namespaces of the library are made on another thread, those of the control here. */
void
bench_transients (Bench *bench)
{
  RawKind raw_uts, raw_cgroup, raw_ipc, raw_mnt, raw_net;
  Maker uts = { ST_NAMESPACE_UTS }, cgroup = { ST_NAMESPACE_CGROUP }, ipc = { ST_NAMESPACE_IPC };
  Maker mnt = { ST_NAMESPACE_MNT }, net = { ST_NAMESPACE_NET };
  bench_pin ();
  raw_own_fs ();
  raw_kind_init (&raw_uts, CLONE_NEWUTS, "uts", ST_PIDFD_GET_UTS);
  raw_kind_init (&raw_cgroup, CLONE_NEWCGROUP, "cgroup", ST_PIDFD_GET_CGROUP);
  raw_kind_init (&raw_ipc, CLONE_NEWIPC, "ipc", ST_PIDFD_GET_IPC);
  raw_kind_init (&raw_mnt, CLONE_NEWNS, "mnt", ST_PIDFD_GET_MNT);
  raw_kind_init (&raw_net, CLONE_NEWNET, "net", ST_PIDFD_GET_NET);

  const BenchRow rows[] = {
    { "raw uts", raw_make, &raw_uts, 1, .after = raw_drop },
    { "new uts", make, &uts, 1, "raw uts", 1.25, drop },
    { "raw cgroup", raw_make, &raw_cgroup, 1, .after = raw_drop },
    { "new cgroup", make, &cgroup, 1, "raw cgroup", 1.4, drop },
    { "raw ipc", raw_make, &raw_ipc, 1, .after = raw_drop },
    { "new ipc", make, &ipc, 1, "raw ipc", 1.1, drop },
    { "raw mnt", raw_make_private, &raw_mnt, 1, .after = raw_drop },
    { "new mnt", make, &mnt, 1, "raw mnt", 1.4, drop },
    { "raw net", raw_make_lo_up, &raw_net, 1, .after = raw_drop },
    { "new net", make, &net, 1, "raw net", 1.05, drop },
  };
  bench_table (bench, "transients, not entered, one CPU", rows, G_N_ELEMENTS (rows));

  raw_kind_clear (&raw_uts);
  raw_kind_clear (&raw_cgroup);
  raw_kind_clear (&raw_ipc);
  raw_kind_clear (&raw_mnt);
  raw_kind_clear (&raw_net);
}
