/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "raw-subspace.h"

#include <spacetest/spacetest.h>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define USER_PID (ST_NAMESPACE_USER | ST_NAMESPACE_PID)
#define SIX                                                                                              \
  (ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_TIME | ST_NAMESPACE_UTS)
#define N_AT_ONCE 100
#define FEW(bench) { MAX (bench->rounds / 20, 1), bench->strict, 0, 0 }

/* Only the making is timed. What was made is gone before the next row, for us as for the control. */
typedef struct
{
  RawZygote first;
  RawZygote below;
  RawZygote many[N_AT_ONCE];
} Raw;

typedef struct
{
  StSpacer *first;
  StSpacer *below;
  StSpace *made;
  StNamespaceRef *ref;
  StSpacer *many[N_AT_ONCE];
  guint n_many;
} Ours;

static void
start_first (gpointer data)
{
  Ours *self = data;
  g_autoptr (GError) error = NULL;
  self->first = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
}

static StSpacer *
make_below (StSpacer *spacer)
{
  g_autoptr (GError) error = NULL;
  StSpacer *below = st_spacer_create_subspace (spacer, USER_PID, NULL, NULL, &error);
  g_assert_no_error (error);
  return below;
}

static void
stop (StSpacer **spacer)
{
  g_autoptr (GError) error = NULL;
  const int pid = st_spacer_get_pid (*spacer, &error);
  g_assert_no_error (error);
  struct pollfd ended = { .fd = (int) syscall (SYS_pidfd_open, pid, 0), .events = POLLIN };
  st_spacer_close (*spacer);
  if (ended.fd >= 0)
    {
      TEMP_FAILURE_RETRY (poll (&ended, 1, -1));
      close (ended.fd);
    }
  g_clear_object (spacer);
}

static void
raw_first (gpointer data)
{
  Raw *self = data;
  raw_zygote_start (&self->first);
  raw_zygote_below (&self->first, &self->below);
}

static void
raw_stop_both (gpointer data)
{
  Raw *self = data;
  raw_zygote_stop (&self->below);
  raw_zygote_stop (&self->first);
}

static void
our_first (gpointer data)
{
  Ours *self = data;
  start_first (self);
  self->below = make_below (self->first);
}

static void
stop_both (gpointer data)
{
  Ours *self = data;
  stop (&self->below);
  stop (&self->first);
}

static void
raw_next (gpointer data)
{
  Raw *self = data;
  raw_zygote_below (&self->first, &self->below);
}

static void
raw_stop_below (gpointer data)
{
  Raw *self = data;
  raw_zygote_stop (&self->below);
}

static void
our_next (gpointer data)
{
  Ours *self = data;
  self->below = make_below (self->first);
}

static void
stop_below (gpointer data)
{
  Ours *self = data;
  stop (&self->below);
}

static void
make_subspaces (Bench *bench)
{
  Raw raw = { 0 };
  Ours ours = { 0 };
  const BenchRow first_rows[] = {
    { "raw first", raw_first, &raw, 1, .after = raw_stop_both },
    { "first subspace, helper start included", our_first, &ours, 1, "raw first", 1.3, stop_both },
  };
  bench_table (bench, "subspaces (user, pid, mnt with /proc)", first_rows, G_N_ELEMENTS (first_rows));
  raw_zygote_start (&raw.first);
  start_first (&ours);
  const BenchRow rows[] = {
    { "raw next", raw_next, &raw, 1, .after = raw_stop_below },
    { "next subspace", our_next, &ours, 1, "raw next", 1.3, stop_below },
  };
  bench_table (bench, "", rows, G_N_ELEMENTS (rows));
  raw_zygote_stop (&raw.first);
  stop (&ours.first);
}

static void
raw_six (gpointer data)
{
  Raw *self = data;
  raw_zygote_make (&self->below, ZYGOTE_SIX);
}

static void
our_six (gpointer data)
{
  Ours *self = data;
  g_autoptr (GError) error = NULL;
  self->made = st_spacer_create_space (self->below, SIX, NULL, &error);
  g_assert_no_error (error);
}

static void
raw_uts (gpointer data)
{
  Raw *self = data;
  raw_zygote_make (&self->below, ZYGOTE_UTS);
}

static void
raw_drop (gpointer data)
{
  Raw *self = data;
  raw_zygote_drop (&self->below);
}

static void
our_uts (gpointer data)
{
  Ours *self = data;
  g_autoptr (GError) error = NULL;
  self->ref = st_spacer_create_transient (self->below, ST_NAMESPACE_UTS, NULL, &error);
  g_assert_no_error (error);
}

static void
drop_made (gpointer data)
{
  Ours *self = data;
  g_clear_object (&self->made);
  g_clear_object (&self->ref);
}

/* Each in a user namespace of the same kind, where its own helper or zygote lives. */
static void
make_rooms (Bench *bench)
{
  Raw raw = { 0 };
  Ours ours = { 0 };
  raw_first (&raw);
  our_first (&ours);
  const BenchRow uts_rows[] = {
    { "raw uts", raw_uts, &raw, 1, .after = raw_drop },
    { "one uts namespace", our_uts, &ours, 1, "raw uts", 1.5, drop_made },
  };
  bench_table (bench, "from a helper in a user namespace", uts_rows, G_N_ELEMENTS (uts_rows));
  const BenchRow six_rows[] = {
    { "raw six", raw_six, &raw, 1, .after = raw_drop },
    { "six kinds, all alive", our_six, &ours, 1, "raw six", 1.15, drop_made },
  };
  bench_table (bench, "", six_rows, G_N_ELEMENTS (six_rows));
  raw_stop_both (&raw);
  stop_both (&ours);
}

static void
raw_many (gpointer data)
{
  Raw *self = data;
  for (guint i = 0; i < N_AT_ONCE; i++)
    raw_zygote_ask (&self->first, &self->many[i]);
  for (guint i = 0; i < N_AT_ONCE; i++)
    raw_zygote_answered (&self->many[i]);
}

static void
raw_stop_many (gpointer data)
{
  Raw *self = data;
  for (guint i = 0; i < N_AT_ONCE; i++)
    raw_zygote_stop (&self->many[i]);
}

static void
take_one (GObject      *source,
          GAsyncResult *result,
          gpointer      data)
{
  Ours *self = data;
  g_autoptr (GError) error = NULL;
  self->many[self->n_many++] = st_spacer_create_subspace_finish (ST_SPACER (source), result, &error);
  g_assert_no_error (error);
}

static void
our_many (gpointer data)
{
  Ours *self = data;
  self->n_many = 0;
  for (guint i = 0; i < N_AT_ONCE; i++)
    st_spacer_create_subspace_async (self->first, USER_PID, NULL, NULL, take_one, self);
  while (self->n_many < N_AT_ONCE)
    g_main_context_iteration (NULL, TRUE);
}

static void
stop_many (gpointer data)
{
  Ours *self = data;
  for (guint i = 0; i < N_AT_ONCE; i++)
    stop (&self->many[i]);
}

static void
make_at_once (Bench *bench)
{
  Raw raw = { 0 };
  Ours ours = { 0 };
  Bench few = FEW (bench);
  raw_zygote_start (&raw.first);
  start_first (&ours);
  const BenchRow rows[] = {
    { "raw 100", raw_many, &raw, 1, .after = raw_stop_many },
    { "100 subspaces at once", our_many, &ours, 1, "raw 100", 1.3, stop_many },
  };
  bench_table (&few, "", rows, G_N_ELEMENTS (rows));
  bench->n_over += few.n_over;
  raw_zygote_stop (&raw.first);
  stop (&ours.first);
}

void
bench_spacers (Bench *bench)
{
  make_subspaces (bench);
  make_rooms (bench);
  make_at_once (bench);
}
