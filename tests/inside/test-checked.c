/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Whoever checks this program's memory checks what it starts inside as well: an error that is made there on purpose is found, and
 * makes the process fail. */
#include "action-support.h"

#include <glib/gstdio.h>
#include <stdlib.h>

static const char *own_path;

#ifdef __SANITIZE_ADDRESS__

#define REPORT "heap-buffer-overflow"

static gboolean
needs_checker (void)
{
  return TRUE;
}

/* It is not followed by valgrind. */
static void
test_helper (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) any = st_spacer_create_transient (spacer, ST_NAMESPACE_UTS, NULL, NULL); /* made or refused: it is up */
  g_autofree char *path = g_strdup_printf ("/proc/%d/maps", st_spacer_get_pid (spacer, NULL));
  g_autofree char *maps = NULL;
  g_file_get_contents (path, &maps, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (maps, "/spacetest-helper"));
  g_assert_nonnull (strstr (maps, "/libasan"));
}

#else

#include <valgrind/valgrind.h>

#define REPORT "Invalid write"

static gboolean
needs_checker (void)
{
  const gboolean has_one = RUNNING_ON_VALGRIND > 0;
  if (!has_one)
    test_skip ("nobody checks the memory of this run");
  return has_one;
}

#endif

static void
write_behind_the_end (void)
{
  volatile gsize size = 8;
  volatile char *memory = malloc (size);
  memory[size] = 1;
  free ((void *) memory);
}

static GVariant *
do_wrong (GVariant *parameter,
          GError  **error)
{
  write_behind_the_end ();
  return g_variant_new ("()");
}

static StLauncher *
create_launcher (char **report)
{
  g_autoptr (GError) error = NULL;
  StLauncher *launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  const int fd = g_file_open_tmp ("spacetest-XXXXXX", report, &error);
  g_assert_no_error (error);
  st_launcher_take_stderr_fd (launcher, fd);
  return launcher;
}

static void
assert_reported (const char *report)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_file_get_contents (report, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_no_errno (g_unlink (report));
  if (!strstr (text, REPORT) || !strstr (text, "write_behind_the_end"))
    g_error ("this is no report of what was done: %s", text);
}

static void
run_action (StSpace *space)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *report = NULL;
  g_autoptr (StLauncher) launcher = create_launcher (&report);
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  st_reexec_options_set_launcher (options, launcher);
  g_assert_null (st_reexec_run_with_options (space, "wrong", NULL, options, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "ended with status");
  assert_reported (report);
}

static void
run_program (StSpace *space)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *report = NULL;
  g_autoptr (StLauncher) launcher = create_launcher (&report);
  const char *const argv[] = { own_path, "--wrong", NULL };
  g_autoptr (GSubprocess) process = st_launcher_spawnv (launcher, space, argv, &error);
  g_assert_no_error (error);
  g_assert_false (g_subprocess_wait_check (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (process));
  assert_reported (report);
}

/* Without a process that stands in for it, and with one. */
static void
test_everywhere (void (*run) (StSpace *space))
{
  if (!needs_checker ())
    return;
  g_autoptr (StSpace) here = open_own_space ();
  run (here);
  g_autoptr (StSpacer) spacer = action_subspace (ST_NAMESPACE_USER | ST_NAMESPACE_PID);
  if (!spacer)
    return;
  run (action_space (spacer));
  st_spacer_close (spacer);
}

static void
test_action (void)
{
  test_everywhere (run_action);
}

static void
test_program (void)
{
  test_everywhere (run_program);
}

int
main (int    argc,
      char **argv)
{
  own_path = argv[0];
  if (argc == 2 && strcmp (argv[1], "--wrong") == 0)
    {
      write_behind_the_end ();
      return EXIT_SUCCESS;
    }
  st_reexec_register ("wrong", do_wrong, NULL);
  st_reexec_init (&argc, &argv);
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/checked/action", test_action);
  test_add ("/checked/program", test_program);
#ifdef __SANITIZE_ADDRESS__
  test_add ("/checked/helper", test_helper);
#endif
  return g_test_run ();
}
