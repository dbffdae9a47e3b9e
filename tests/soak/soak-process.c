/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "soak.h"

#include <string.h>

#define FROM_HELPER                                                                                             \
  (ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_TIME | ST_NAMESPACE_UTS)

/* What it prints without the end of its last line; it must end well. */
static char *
read_output (GSubprocess *process)
{
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
  check (error);
  g_assert_true (g_subprocess_get_successful (process));
  return g_strchomp (output);
}

static void
check_place (StSpace        *space,
             StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = st_namespace_ref_to_string (st_space_get_ref (space, type, NULL));
  g_autofree char *path = g_strdup_printf ("/proc/self/ns/%s", st_namespace_type_get_name (type));
  g_autoptr (GSubprocess) program = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "readlink", path, NULL);
  check (error);
  g_autofree char *here = read_output (program);
  g_assert_cmpstr (here, ==, expected);
}

/* Now and then, the helper ends before what it made. */
void
use_spacer (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  check (error);
  g_autoptr (StSpacer) below = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, &error);
  check (error);
  g_autoptr (StSpace) space = st_spacer_create_space (below, FROM_HELPER, NULL, &error);
  check (error);
  check_place (space, ST_NAMESPACE_UTS);
  if (g_rand_boolean (self->random))
    return;
  st_spacer_close (spacer);
  g_autoptr (GSubprocess) too_late = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL);
  g_assert_null (too_late);
  g_assert_error (error, ST_ERROR, ST_ERROR_HELPER_FAILED);
}

void
share_spacer (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) made = st_spacer_create_transient (self->common->spacer, ST_NAMESPACE_NET, NULL, &error);
  check (error);
  g_autoptr (GSocket) socket = st_space_create_socket (ST_SPACE (made), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, 0, &error);
  check (error);
}

void
run_program (Worker *self)
{
  g_autoptr (StSpace) space = make_space (choose_kinds (self) | ST_NAMESPACE_NET);
  check_place (space, ST_NAMESPACE_NET);
}

/* It goes on until its pipe is closed; nobody waits for its end. */
void
leave_program (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = make_space (choose_kinds (self));
  g_autoptr (GSubprocess) program =
    st_space_spawn (space, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, "cat", NULL);
  check (error);
  if (g_rand_boolean (self->random))
    g_subprocess_force_exit (program);
  else if (!g_output_stream_close (g_subprocess_get_stdin_pipe (program), NULL, &error))
    check (error);
}

void
connect_two (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) here = st_transient_netns_new (&error);
  check (error);
  g_autoptr (StTransientNetns) there = st_transient_netns_new (&error);
  check (error);
  g_autoptr (StLink) left = st_link_new_veth (ST_SPACE (here), "left", ST_SPACE (there), "right", &error);
  check (error);
  g_autoptr (StLink) right = st_link_get_peer (left, &error);
  check (error);
  if (!st_link_add_address (left, "10.0.0.1/24", &error) || !st_link_set_up (left, TRUE, &error) ||
      !st_link_set_up (right, TRUE, &error) || !st_link_wait_ready (left, NULL, &error))
    check (error);
  g_autofree char *name = st_link_get_name (right);
  g_assert_cmpstr (name, ==, "right");
  if (g_rand_boolean (self->random) && !st_link_delete (right, &error))
    check (error);
}
