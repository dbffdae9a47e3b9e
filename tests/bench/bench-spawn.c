/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "raw-subspace.h"

#include <spacetest/spacetest.h>

/* A program in a space until it is reaped, against the commands that do the same. They are started the cheapest way there is. */

typedef struct
{
  StSpacer *first;
  StSpacer *below;
  StSpace *net;
  StSpace *home; /* of the one below */
  char *net_path;
  char *pid;
} Rooms;

static void
rooms_init (Rooms *self)
{
  g_autoptr (GError) error = NULL;
  self->first = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  self->below = st_spacer_create_subspace (self->first, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, &error);
  g_assert_no_error (error);
  self->home = st_spacer_get_space (self->below, &error);
  g_assert_no_error (error);
  self->net = ST_SPACE (st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error));
  g_assert_no_error (error);
  self->pid = g_strdup_printf ("%d", st_spacer_get_pid (self->below, &error));
  self->net_path = g_strdup_printf ("--net=/proc/%d/fd/%d", getpid (),
                                    st_namespace_ref_peek_fd (ST_NAMESPACE_REF (self->net), &error));
  g_assert_no_error (error);
}

static void
rooms_clear (Rooms *self)
{
  st_spacer_close (self->below);
  st_spacer_close (self->first);
  g_clear_object (&self->below);
  g_clear_object (&self->first);
  g_clear_object (&self->net);
  g_free (self->pid);
  g_free (self->net_path);
}

static void
run_there (StSpace *space)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL);
  g_assert_no_error (error);
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
}

static void
nsenter_net (gpointer data)
{
  const Rooms *rooms = data;
  raw_run ((const char *const[]) { "nsenter", rooms->net_path, "true", NULL });
}

static void
spawn_in_net (gpointer data)
{
  const Rooms *rooms = data;
  run_there (rooms->net);
}

static void
unshare_net (gpointer unused)
{
  raw_run ((const char *const[]) { "unshare", "--net", "true", NULL });
}

static void
spawn_in_new_net (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = ST_SPACE (st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error));
  g_assert_no_error (error);
  run_there (space);
}

static void
nsenter_subspace (gpointer data)
{
  const Rooms *rooms = data;
  raw_run ((const char *const[]) { "nsenter", "--target", rooms->pid, "--user", "--pid", "--mount", "true", NULL });
}

static void
spawn_in_subspace (gpointer data)
{
  const Rooms *rooms = data;
  run_there (rooms->home);
}

static void
unshare_subspace (gpointer unused)
{
  raw_run ((const char *const[]) { "unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc", "true", NULL });
}

static void
bwrap_subspace (gpointer unused)
{
  raw_run ((const char *const[]) { "bwrap", "--unshare-user", "--unshare-pid", "--uid", "0", "--gid", "0", "--dev-bind", "/", "/", "--proc",
                                   "/proc", "true", NULL });
}

static void
spawn_in_new_subspace (gpointer data)
{
  const Rooms *rooms = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) below = st_spacer_create_subspace (rooms->first, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, &error);
  g_assert_no_error (error);
  StSpace *space = st_spacer_get_space (below, &error);
  g_assert_no_error (error);
  run_there (space);
  st_spacer_close (below);
}

static gboolean
has (const char *program)
{
  g_autofree char *path = g_find_program_in_path (program);
  if (!path)
    g_print ("no %s here: not compared\n", program);
  return path != NULL;
}

void
bench_spawn (Bench *bench)
{
  Rooms rooms = { 0 };
  Bench few = { MAX (bench->rounds * 3 / 4, 1), bench->strict, 0, 0 };
  if (!has ("nsenter") || !has ("unshare"))
    return;
  rooms_init (&rooms);
  const BenchRow held[] = {
    { "nsenter net", nsenter_net, &rooms, 1 },
    { "true in a held net / nsenter(1)", spawn_in_net, &rooms, 1, "nsenter net", 1 },
    { "nsenter subspace", nsenter_subspace, &rooms, 1 },
    { "true in a held user, pid, mnt / nsenter(1)", spawn_in_subspace, &rooms, 1, "nsenter subspace", 1 },
  };
  bench_table (&few, "programs, until reaped", held, G_N_ELEMENTS (held));
  const BenchRow made[] = {
    { "unshare net", unshare_net, &rooms, 1 },
    { "true in a new net / unshare(1)", spawn_in_new_net, &rooms, 1, "unshare net", 1 },
    { "unshare subspace", unshare_subspace, &rooms, 1 },
    { "true in a new user, pid, mnt / unshare(1)", spawn_in_new_subspace, &rooms, 1, "unshare subspace", 1 },
    { "bwrap subspace", bwrap_subspace, &rooms, 1 },
    { "the same / bwrap(1)", spawn_in_new_subspace, &rooms, 1, "bwrap subspace", 1 },
  };
  bench_table (&few, "", made, G_N_ELEMENTS (made) - (has ("bwrap") ? 0 : 2));
  rooms_clear (&rooms);
  bench->n_over += few.n_over;
}
