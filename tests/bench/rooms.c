/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "rooms.h"

#include "st-kernel.h"

static StSpace *
make (StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = st_namespace_ref_new_transient (type, &error);
  g_assert_no_error (error);
  return ST_SPACE (ref);
}

void
rooms_init (Rooms *self)
{
  raw_kind_init (&self->raw_net, CLONE_NEWNET, "net", ST_PIDFD_GET_NET);
  raw_kind_init (&self->raw_uts, CLONE_NEWUTS, "uts", ST_PIDFD_GET_UTS);
  raw_kind_init (&self->raw_ipc, CLONE_NEWIPC, "ipc", ST_PIDFD_GET_IPC);
  raw_kind_init (&self->raw_cgroup, CLONE_NEWCGROUP, "cgroup", ST_PIDFD_GET_CGROUP);
  self->net = make (ST_NAMESPACE_NET);
  self->uts = make (ST_NAMESPACE_UTS);
  self->ipc = make (ST_NAMESPACE_IPC);
  self->cgroup = make (ST_NAMESPACE_CGROUP);
  self->mnt = make (ST_NAMESPACE_MNT);
}

void
rooms_clear (Rooms *self)
{
  raw_kind_clear (&self->raw_net);
  raw_kind_clear (&self->raw_uts);
  raw_kind_clear (&self->raw_ipc);
  raw_kind_clear (&self->raw_cgroup);
  g_clear_object (&self->net);
  g_clear_object (&self->uts);
  g_clear_object (&self->ipc);
  g_clear_object (&self->cgroup);
  g_clear_object (&self->mnt);
}

gboolean
room_work (gpointer unused,
           GError **error)
{
  return TRUE;
}

gboolean
room_failing_work (gpointer unused,
                   GError **error)
{
  return FALSE;
}

void
room_call (gpointer data)
{
  g_autoptr (GError) error = NULL;
  st_space_call (data, room_work, NULL, &error);
  g_assert_no_error (error);
}

void
room_enter_and_leave (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) visit = st_space_enter (data, &error);
  g_assert_no_error (error);
  st_visit_leave (visit, &error);
  g_assert_no_error (error);
}

void
room_run (gpointer data)
{
  g_autoptr (GError) error = NULL;
  st_space_run_in_thread (data, room_work, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
on_run (GObject      *space,
        GAsyncResult *result,
        gpointer      done)
{
  g_autoptr (GError) error = NULL;
  st_space_run_in_thread_finish (ST_SPACE (space), result, &error);
  g_assert_no_error (error);
  *(gboolean *) done = TRUE;
}

void
room_run_async (gpointer data)
{
  gboolean done = FALSE;
  st_space_run_in_thread_async (data, room_work, NULL, NULL, NULL, on_run, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}
