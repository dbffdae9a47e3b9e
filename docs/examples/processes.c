/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What the guide to users, processes and clocks shows of C. */
#include <spacetest/spacetest.h>

static void
run_a_program (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;

  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "id", "-u", NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  g_assert_cmpstr (output, ==, "0\n");
}

static void
launch_a_program (StSpace *space)
{
  g_autoptr (GError) error = NULL;

  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  st_launcher_set_cwd (launcher, "/proc");
  st_launcher_setenv (launcher, "COLOUR", "blue", TRUE);
  g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, space, &error, "sh", "-c", "cat 1/comm; echo $COLOUR", NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));

  g_autoptr (GSubprocess) none = st_launcher_spawn (launcher, space, &error, "no-such-program", NULL);
  g_assert_null (none);
  g_assert_error (error, ST_ERROR, ST_ERROR_NOT_FOUND);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  run_a_program ();

  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  st_spacer_options_set_host_name (options, "blue");
  st_spacer_options_set_boottime_offset (options, G_GINT64_CONSTANT (365) * 24 * 3600 * G_USEC_PER_SEC);
  g_autoptr (StSpacer) inside = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_TIME, options,
                                                           NULL, &error);
  g_assert_no_error (error);
  StSpace *space = st_spacer_get_space (inside, &error); /* belongs to the spacer */
  g_assert_no_error (error);

  launch_a_program (space);
  return 0;
}
