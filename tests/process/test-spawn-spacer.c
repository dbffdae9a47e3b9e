/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Programs in what spacers made. */
#include "process-support.h"

#include <signal.h>

static StSpacer *
create_subspace (StSpacer       *parent,
                 StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StSpacer *made = st_spacer_create_subspace (parent, types, NULL, NULL, &error);
  g_assert_no_error (error);
  return made;
}

static void
assert_where (StSpace        *space,
              StSpace        *expected,
              StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = st_space_get_ref (expected, type, &error);
  g_assert_no_error (error);
  g_autofree char *text = st_namespace_ref_to_string (ref);
  g_autofree char *command = g_strdup_printf ("readlink /proc/self/ns/%s", st_namespace_type_get_name (type));
  assert_shell (space, command, text);
}

/* A program is where the spacer lives, and what the space names on top of it. */
static void
test_levels (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) first = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) outer = create_subspace (first, ST_NAMESPACE_USER | ST_NAMESPACE_PID);
  g_autoptr (StSpacer) inner = create_subspace (outer, ST_NAMESPACE_PID | ST_NAMESPACE_TIME);
  StSpace *outer_space = st_spacer_get_space (outer, &error);
  g_assert_no_error (error);
  StSpace *inner_space = st_spacer_get_space (inner, &error);
  g_assert_no_error (error);
  assert_where (outer_space, outer_space, ST_NAMESPACE_USER);
  assert_where (outer_space, outer_space, ST_NAMESPACE_PID);
  assert_where (inner_space, outer_space, ST_NAMESPACE_USER);
  assert_where (inner_space, inner_space, ST_NAMESPACE_PID);
  assert_where (inner_space, inner_space, ST_NAMESPACE_TIME);
  assert_shell (inner_space, "id -u", "0");

  g_autoptr (StNamespaceRef) net = st_spacer_create_transient (inner, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  assert_where (ST_SPACE (net), ST_SPACE (net), ST_NAMESPACE_NET);
  assert_where (ST_SPACE (net), outer_space, ST_NAMESPACE_USER);
  assert_where (ST_SPACE (net), inner_space, ST_NAMESPACE_PID);
  st_spacer_close (inner);
  st_spacer_close (outer);
}

/* Whoever closes it ends what runs there. */
static void
end_with_spacer (StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) first = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) spacer = create_subspace (first, types);
  StSpace *space = st_spacer_get_space (spacer, &error);
  g_assert_no_error (error);
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "sleep", "1000", NULL);
  g_assert_no_error (error);
  st_spacer_close (spacer);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_signaled (process));
  g_assert_cmpint (g_subprocess_get_term_sig (process), ==, SIGKILL);
  st_spacer_close (first);
}

static void
test_closed_while_running (void)
{
  end_with_spacer (ST_NAMESPACE_USER);
  end_with_spacer (ST_NAMESPACE_USER | ST_NAMESPACE_PID);
}

static void
test_closed_before (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) first = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) spacer = create_subspace (first, ST_NAMESPACE_USER | ST_NAMESPACE_PID);
  StSpace *space = st_spacer_get_space (spacer, &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) kept = g_object_ref (space);
  st_spacer_close (spacer);
  g_assert_null (st_space_spawn (kept, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL));
  g_assert_error (error, ST_ERROR, ST_ERROR_HELPER_FAILED);
}

/* Nobody has to keep where it lives: the process does. */
static void
test_dropped_while_running (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) first = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  StSpacer *spacer = create_subspace (first, ST_NAMESPACE_USER | ST_NAMESPACE_PID);
  StSpace *space = st_spacer_get_space (spacer, &error);
  g_assert_no_error (error);
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "cat", NULL);
  g_assert_no_error (error);
  g_assert_finalize_object (spacer);
  g_assert_true (g_output_stream_write_all (g_subprocess_get_stdin_pipe (process), "blue", 4, NULL, NULL, &error));
  g_assert_true (g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, &error));
  g_autofree char *output = finish_output (process);
  g_assert_cmpstr (output, ==, "blue");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/spawn/spacer/levels", test_levels);
  test_add ("/spawn/spacer/closed-while-running", test_closed_while_running);
  test_add ("/spawn/spacer/closed-before", test_closed_before);
  test_add ("/spawn/spacer/dropped-while-running", test_dropped_while_running);
  return g_test_run ();
}
