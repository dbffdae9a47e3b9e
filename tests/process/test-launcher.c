/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Working directory, environment, descriptors and files of programs in spaces. */
#include "process-support.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>

typedef struct
{
  Container container;
  StSpace *own;
  StSpace *foreign;
} Places;

static void
places_open (Places *self)
{
  container_start_full (&self->container);
  self->own = open_own_space ();
  self->foreign = open_space (self->container.pid, ALL_KINDS);
}

static void
places_close (Places *self)
{
  g_clear_object (&self->own);
  g_clear_object (&self->foreign);
  container_stop (&self->container);
}

static char *
run (StLauncher *launcher,
     StSpace    *space,
     const char *command)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, space, &error, "/bin/sh", "-c", command, NULL);
  g_assert_no_error (error);
  return finish_output (process);
}

#define assert_run(launcher, space, command, expected)                        \
  G_STMT_START                                                                \
  {                                                                           \
    g_autofree char *test_output_ = run (launcher, space, command);           \
    g_assert_cmpstr (test_output_, ==, expected);                             \
  }                                                                           \
  G_STMT_END

static void
test_directory (void)
{
  g_autoptr (GError) error = NULL;
  Places places;
  places_open (&places);
  StSpace *spaces[] = { places.own, places.foreign };
  g_autofree char *here = g_get_current_dir ();
  for (gsize i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
      assert_run (launcher, spaces[i], "pwd", here);
      st_launcher_set_cwd (launcher, "/usr/share");
      assert_run (launcher, spaces[i], "pwd", "/usr/share");
      st_launcher_set_cwd (launcher, "/proc/self/no/such");
      test_assert_not_made (st_launcher_spawn (launcher, spaces[i], &error, "true", NULL), error, ST_ERROR_NOT_FOUND, "/proc/self/no/such");
      st_launcher_set_cwd (launcher, "/dev/null");
      test_assert_not_made (st_launcher_spawn (launcher, spaces[i], &error, "true", NULL), error, ST_ERROR_NOT_FOUND, "/dev/null");
      st_launcher_set_cwd (launcher, NULL);
      assert_run (launcher, spaces[i], "pwd", here);
    }
  places_close (&places);
}

/* Where the mount namespace is another one, there may be no such directory as ours. */
static void
test_directory_missing_inside (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_mount_tmpfs (mntns, "/tmp", 0, &error));
  g_autofree char *home = g_get_current_dir ();
  g_autofree char *there = g_dir_make_tmp ("spacetest-XXXXXX", &error);
  g_assert_no_errno (chdir (there));
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  assert_run (launcher, ST_SPACE (mntns), "pwd", "/");
  g_assert_no_errno (chdir (home));
  g_assert_no_errno (rmdir (there));
}

static void
assert_environment (StLauncher *launcher,
                    StSpace    *space,
                    const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, space, &error, "/usr/bin/env", NULL);
  g_assert_no_error (error);
  g_autofree char *output = finish_output (process);
  g_assert_cmpstr (output, ==, expected);
}

static void
test_environment (void)
{
  Places places;
  places_open (&places);
  StSpace *spaces[] = { places.own, places.foreign };
  char *own[] = { (char *) "A=1", (char *) "B=", NULL };
  char *nothing[] = { NULL };
  for (gsize i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
      st_launcher_setenv (launcher, "COLOUR", "red", TRUE);
      st_launcher_setenv (launcher, "COLOUR", "green", FALSE);
      assert_run (launcher, spaces[i], "echo $COLOUR", "red");
      g_assert_cmpstr (st_launcher_getenv (launcher, "COLOUR"), ==, "red");
      g_assert_cmpstr (st_launcher_getenv (launcher, "PATH"), ==, g_getenv ("PATH"));
      st_launcher_unsetenv (launcher, "COLOUR");
      assert_run (launcher, spaces[i], "echo ${COLOUR-none}", "none");
      st_launcher_set_environ (launcher, own);
      assert_environment (launcher, spaces[i], "A=1\nB=");
      st_launcher_set_environ (launcher, nothing);
      assert_environment (launcher, spaces[i], "");
      st_launcher_set_environ (launcher, NULL);
      assert_run (launcher, spaces[i], "echo $PATH", g_getenv ("PATH"));
    }
  places_close (&places);
}

/* Nothing is started without what somebody meant to set. */
static void
test_no_variables (void)
{
  Places places;
  places_open (&places);
  StSpace *spaces[] = { places.own, places.foreign };
  const char *names[] = { "BAD=NAME", "", "=", NULL };
  for (gsize i = 0; i < G_N_ELEMENTS (spaces) * G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
      const char *name = names[i / G_N_ELEMENTS (spaces)];
      st_launcher_setenv (launcher, name, "x", TRUE);
      st_launcher_setenv (launcher, "GOOD", "x", TRUE);
      g_assert_null (st_launcher_getenv (launcher, name));
      test_assert_not_made (st_launcher_spawn (launcher, spaces[i % G_N_ELEMENTS (spaces)], &error, "true", NULL), error, ST_ERROR_INVALID_ARGUMENT,
                            "no name of a variable");
    }
  places_close (&places);
}

/* The caller's PATH counts, unless the program's own is asked for. */
static void
test_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  st_launcher_setenv (launcher, "PATH", "/nowhere", TRUE);
  g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, space, &error, "true", NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  st_launcher_set_flags (launcher, G_SUBPROCESS_FLAGS_SEARCH_PATH_FROM_ENVP);
  test_assert_not_made (st_launcher_spawn (launcher, space, &error, "true", NULL), error, ST_ERROR_NOT_FOUND, "true");
}

static int
open_file_with (const char *text)
{
  int fd = g_file_open_tmp ("spacetest-XXXXXX", NULL, NULL);
  g_assert_no_errno (fd);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *name = g_file_read_link (path, NULL);
  g_assert_no_errno (g_unlink (name));
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  g_assert_cmpint (lseek (fd, 0, SEEK_SET), ==, 0);
  return fd;
}

static void
test_descriptors (void)
{
  Places places;
  places_open (&places);
  StSpace *spaces[] = { places.own, places.foreign };
  for (gsize i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
      for (int number = 3; number < 40; number++)
        {
          g_autofree char *text = g_strdup_printf ("%d\n", number);
          st_launcher_take_fd (launcher, open_file_with (text), number);
        }
      assert_run (launcher, spaces[i], "ls /proc/self/fd | sort -n | tr '\\n' ' ' | cut -d' ' -f1-6", "0 1 2 3 4 5");
      assert_run (launcher, spaces[i], "ls /proc/self/fd | wc -l", "41"); /* and the list itself */
      assert_run (launcher, spaces[i], "read a </dev/fd/3; read b </dev/fd/17; read c </dev/fd/39; echo $a $b $c", "3 17 39");
    }
  places_close (&places);
}

static void
test_standard_descriptors (void)
{
  g_autoptr (GError) error = NULL;
  Places places;
  places_open (&places);
  StSpace *spaces[] = { places.own, places.foreign };
  for (gsize i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
      char buffer[16] = "";
      int output = open_file_with ("");
      st_launcher_take_stdin_fd (launcher, open_file_with ("wrong"));
      st_launcher_take_stdin_fd (launcher, open_file_with ("right\n"));
      st_launcher_take_stdout_fd (launcher, dup (output));
      st_launcher_take_stderr_fd (launcher, dup (output));
      g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, spaces[i], &error, "sh", "-c", "cat; echo bad >&2", NULL);
      g_assert_no_error (error);
      g_assert_true (g_subprocess_wait_check (process, NULL, &error));
      g_assert_cmpint (pread (output, buffer, sizeof buffer - 1, 0), ==, 10);
      g_assert_cmpstr (buffer, ==, "right\nbad\n");
      close (output);
    }
  places_close (&places);
}

static void
test_files (void)
{
  g_autoptr (GError) error = NULL;
  Places places;
  places_open (&places);
  g_autofree char *directory = g_dir_make_tmp ("spacetest-XXXXXX", &error);
  g_autofree char *input = g_build_filename (directory, "input", NULL);
  g_autofree char *output = g_build_filename (directory, "output", NULL);
  g_autofree char *errors = g_build_filename (directory, "errors", NULL);
  g_assert_true (g_file_set_contents (input, "in", -1, &error));
  g_assert_true (g_file_set_contents (output, "something long from before", -1, &error));
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  st_launcher_set_stdin_file_path (launcher, input);
  st_launcher_set_stdout_file_path (launcher, output);
  st_launcher_set_stderr_file_path (launcher, errors);
  g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, places.foreign, &error, "sh", "-c", "cat; echo bad >&2", NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  g_autofree char *said = NULL;
  g_autofree char *complained = NULL;
  g_assert_true (g_file_get_contents (output, &said, NULL, &error));
  g_assert_true (g_file_get_contents (errors, &complained, NULL, &error));
  g_assert_cmpstr (said, ==, "in");
  g_assert_cmpstr (complained, ==, "bad\n");
  st_launcher_set_stdin_file_path (launcher, "/no/such/file");
  test_assert_not_made (st_launcher_spawn (launcher, places.own, &error, "true", NULL), error, ST_ERROR_NOT_FOUND, "/no/such/file");
  g_unlink (input);
  g_unlink (output);
  g_unlink (errors);
  g_assert_no_errno (rmdir (directory));
  places_close (&places);
}

static void
test_nonsense (void)
{
  static const struct
  {
    gboolean is_open;
    int target;
  } wrong[] = { { FALSE, 3 }, { TRUE, -1 }, { TRUE, 0 }, { TRUE, 2 }, { TRUE, 4 }, { TRUE, G_MAXINT } };
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
      st_launcher_take_fd (launcher, open_file_with (""), 4);
      st_launcher_take_fd (launcher, wrong[i].is_open ? open_file_with ("") : -1, wrong[i].target);
      g_assert_null (st_launcher_spawn (launcher, space, &error, "true", NULL));
      if (wrong[i].target != G_MAXINT)
        g_assert_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT);
      g_assert_error (error, ST_ERROR, error->code);
      g_clear_error (&error);
    }
  g_autoptr (StLauncher) both = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  st_launcher_take_stdout_fd (both, open_file_with (""));
  test_assert_not_made (st_launcher_spawn (both, space, &error, "true", NULL), error, ST_ERROR_INVALID_ARGUMENT, "standard output");
}

static void
keep_result (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GSubprocess *
wait_for_launch (StLauncher    *launcher,
                 GAsyncResult **result,
                 GError       **error)
{
  while (!*result)
    g_main_context_iteration (NULL, TRUE);
  GSubprocess *process = st_launcher_spawnv_finish (launcher, *result, error);
  g_clear_object (result);
  return process;
}

/* What is set when it is called, whatever becomes of the launcher. */
static void
test_async (void)
{
  static const char *const argv[] = { "sh", "-c", "cat; cat <&5; echo $COLOUR", NULL };
  g_autoptr (GError) error = NULL;
  Places places;
  places_open (&places);
  GAsyncResult *result = NULL;
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  st_launcher_take_stdin_fd (launcher, open_file_with ("in "));
  st_launcher_take_fd (launcher, open_file_with ("five "), 5);
  st_launcher_setenv (launcher, "COLOUR", "red", TRUE);
  st_launcher_spawnv_async (launcher, places.foreign, argv, NULL, keep_result, &result);
  st_launcher_setenv (launcher, "COLOUR", "green", TRUE);
  st_launcher_close (launcher);
  g_autoptr (GSubprocess) process = wait_for_launch (launcher, &result, &error);
  g_assert_no_error (error);
  g_autofree char *output = finish_output (process);
  g_assert_cmpstr (output, ==, "in five red");

  st_launcher_spawnv_async (launcher, places.foreign, argv, NULL, keep_result, &result);
  test_assert_not_made (wait_for_launch (launcher, &result, &error), error, ST_ERROR_CLOSED, "launcher");
  places_close (&places);
}

static void
test_closed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  g_autoptr (StLauncher) unmade = g_object_new (ST_TYPE_LAUNCHER, NULL);
  g_autoptr (StLauncher) closed = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  st_launcher_take_fd (closed, open_file_with (""), 3);
  st_launcher_close (closed);
  st_launcher_close (closed);
  StLauncher *launchers[] = { unmade, closed };
  for (gsize i = 0; i < G_N_ELEMENTS (launchers); i++)
    {
      st_launcher_set_flags (launchers[i], 0);
      st_launcher_set_cwd (launchers[i], "/");
      st_launcher_set_environ (launchers[i], NULL);
      st_launcher_setenv (launchers[i], "A", "1", TRUE);
      st_launcher_unsetenv (launchers[i], "A");
      g_assert_null (st_launcher_getenv (launchers[i], "PATH"));
      st_launcher_take_fd (launchers[i], open_file_with (""), 3);
      st_launcher_take_stdin_fd (launchers[i], open_file_with (""));
      st_launcher_set_stdout_file_path (launchers[i], "/dev/null");
      test_assert_not_made (st_launcher_spawn (launchers[i], space, &error, "true", NULL), error, ST_ERROR_CLOSED, "launcher");
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/launcher/directory", test_directory);
  test_add ("/launcher/directory-missing-inside", test_directory_missing_inside);
  test_add ("/launcher/environment", test_environment);
  test_add ("/launcher/no-variables", test_no_variables);
  test_add ("/launcher/path", test_path);
  test_add ("/launcher/descriptors", test_descriptors);
  test_add ("/launcher/standard-descriptors", test_standard_descriptors);
  test_add ("/launcher/files", test_files);
  test_add ("/launcher/nonsense", test_nonsense);
  test_add ("/launcher/async", test_async);
  test_add ("/launcher/closed", test_closed);
  return g_test_run ();
}
