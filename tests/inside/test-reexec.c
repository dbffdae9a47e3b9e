/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Actions that go well. */
#include "action-support.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define MEGABYTE (1024 * 1024)

static const char *own_path;

static GVariant *
be_silent (GVariant *parameter,
           GError  **error)
{
  g_assert_null (parameter);
  return g_variant_new ("()");
}

static GVariant *
say_done (GVariant *parameter,
          GError  **error)
{
  g_print ("# this is not the result\n");
  return g_variant_new_string ("done");
}

static GVariant *
get_variable (GVariant *parameter,
              GError  **error)
{
  const char *value = g_getenv (g_variant_get_string (parameter, NULL));
  return g_variant_new ("ms", value);
}

static GVariant *
prepend (GVariant *parameter,
         GError  **error)
{
  g_autofree char *text = g_strconcat ("xx", g_variant_get_string (parameter, NULL), NULL);
  return g_variant_new_string (text);
}

static GVariant *
give_back (GVariant *parameter,
           GError  **error)
{
  return g_variant_ref (parameter);
}

static GVariant *
get_place (GVariant *parameter,
           GError  **error)
{
  g_autofree char *where = test_where (g_variant_get_string (parameter, NULL));
  return g_variant_new ("(su)", where, (guint) getuid ());
}

static GVariant *
get_process (GVariant *parameter,
             GError  **error)
{
  g_autofree char *comm = NULL;
  g_autofree char *cmdline = NULL;
  gsize size = 0;
  g_file_get_contents ("/proc/self/comm", &comm, NULL, NULL);
  g_file_get_contents ("/proc/self/cmdline", &cmdline, &size, NULL);
  return g_variant_new ("(sst)", g_strchomp (comm), cmdline, (guint64) size);
}

static GVariant *
count_descriptors (GVariant *parameter,
                   GError  **error)
{
  guint n = 0;
  for (int fd = 0; fd < 1024; fd++)
    n += fcntl (fd, F_GETFD) >= 0;
  return g_variant_new_uint32 (n);
}

static GVariant *
write_much (GVariant *parameter,
            GError  **error)
{
  g_autofree char *text = g_strnfill (4 * MEGABYTE, 'e');
  for (gsize n = 0; n < 4 * MEGABYTE;)
    {
      const ssize_t written = write (STDERR_FILENO, text + n, 4 * MEGABYTE - n);
      g_assert_cmpint (written, >, 0);
      n += (gsize) written;
    }
  return g_variant_new_uint32 (4);
}

static GVariant *
write_to (GVariant *parameter,
          GError  **error)
{
  g_assert_cmpint (write (g_variant_get_int32 (parameter), "hello", 5), ==, 5);
  return g_variant_new ("()");
}

static GVariant *
return_much (GVariant *parameter,
             GError  **error)
{
  const gsize size = g_variant_get_uint32 (parameter);
  guint8 *data = g_malloc (size);
  memset (data, 7, size);
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, size, TRUE, g_free, data);
}

/* To whoever asks at a descriptor, until he has seen enough. */
static GVariant *
describe_clock (GVariant *parameter,
                GError  **error)
{
  const int socket = g_variant_get_int32 (parameter);
  char end;
  g_autoptr (StNamespaceRef) clock = st_namespace_ref_new_current (ST_NAMESPACE_TIME, error);
  g_autofree char *text = clock ? st_namespace_ref_to_portable_string (clock, error) : NULL;
  if (!text)
    return NULL;
  g_assert_cmpint (write (socket, text, strlen (text)), ==, (gssize) strlen (text));
  g_assert_cmpint (read (socket, &end, 1), ==, 1);
  return g_variant_new ("()");
}

/* The child comes back as well. */
static GVariant *
fork_first (GVariant *parameter,
            GError  **error)
{
  return g_variant_new_string (fork () == 0 ? "the child" : "the first");
}

static GVariant *
fork_and_stay (GVariant *parameter,
               GError  **error)
{
  const pid_t child = fork ();
  if (child == 0)
    for (;;)
      pause ();
  return g_variant_new_int32 (child);
}

static void
block_at_exit (void)
{
  for (;;)
    pause ();
}

static GVariant *
return_and_block (GVariant *parameter,
                  GError  **error)
{
  atexit (block_at_exit);
  return g_variant_new_string ("result");
}

/* REEX-01, REEX-02: with and without something to say; what is printed is no result. */
static void
test_say (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) nothing = action_run (here, "silent", NULL);
  g_assert_cmpstr (g_variant_get_type_string (nothing), ==, "()");
  g_autoptr (GVariant) done = action_run (here, "done", NULL);
  g_assert_cmpstr (g_variant_get_string (done, NULL), ==, "done");
}

/* REEX-03: its own environment; nothing of ours that would change where it is, and the mark is gone. */
static void
test_environment (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  const char *const gone[] = { "spacetest_order", "spacetest_net", "SPACETEST_ACTION" };
  const char *value;
  st_launcher_setenv (launcher, "foobar", "baz!", TRUE);
  st_launcher_setenv (launcher, "spacetest_net", "/nowhere", TRUE);
  st_launcher_setenv (launcher, "spacetest_order", "", TRUE);
  st_reexec_options_set_launcher (options, launcher);
  g_autoptr (GVariant) set = st_reexec_run_with_options (here, "variable", g_variant_new_string ("foobar"), options, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (set, "m&s", &value);
  g_assert_cmpstr (value, ==, "baz!");
  for (gsize i = 0; i < G_N_ELEMENTS (gone); i++)
    {
      g_autoptr (GVariant) unset = st_reexec_run_with_options (here, "variable", g_variant_new_string (gone[i]), options, NULL, &error);
      g_assert_no_error (error);
      g_variant_get (unset, "m&s", &value);
      g_assert_null (value);
    }
}

/* What the program itself was to join is not for the copy. */
static void
test_inherited_environment (void)
{
  const char *value;
  g_autoptr (StSpace) here = open_own_space ();
  g_setenv ("spacetest_net", "/nowhere", TRUE);
  g_setenv ("spacetest_order", "", TRUE);
  g_autoptr (GVariant) unset = action_run (here, "variable", g_variant_new_string ("spacetest_net"));
  g_unsetenv ("spacetest_net");
  g_unsetenv ("spacetest_order");
  g_variant_get (unset, "m&s", &value);
  g_assert_null (value);
}

/* REEX-04 */
static void
test_parameter (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  g_autofree char *text = g_strnfill (8192, 'p');
  g_autofree char *expected = g_strconcat ("xx", text, NULL);
  g_autoptr (GVariant) value = action_run (here, "prepend", g_variant_new_string (text));
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, expected);
}

static void
check_comes_back (GVariant *value)
{
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) kept = g_variant_ref_sink (value);
  g_autoptr (GVariant) back = action_run (here, "give-back", kept);
  g_assert_true (g_variant_equal (back, kept));
}

static void
test_types (void)
{
  check_comes_back (g_variant_new ("()"));
  check_comes_back (g_variant_new_string (""));
  check_comes_back (g_variant_new ("(bynqiuxtd)", TRUE, 1, -2, 3, -4, 5, G_MININT64, G_MAXUINT64, 0.5));
  check_comes_back (g_variant_new_parsed ("@a{sv} {'a': <[1, 2]>, 'b': <@ms nothing>, 'c': <b'bytes'>}"));
  check_comes_back (g_variant_new_array (G_VARIANT_TYPE_STRING, NULL, 0));
  check_comes_back (g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL));
}

/* What is trusted there was checked here: a text without its end is empty, for accessors here as well. */
static void
test_not_normal (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) endless = g_variant_ref_sink (g_variant_new_from_data (G_VARIANT_TYPE_STRING, "endless", 7, FALSE, NULL, NULL));
  g_autoptr (GVariant) value = action_run (here, "prepend", endless);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "xx");
}

/* User, PID and time namespaces: where no thread can go. */
static void
test_subspace (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = action_subspace (ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_TIME);
  const char *const kinds[] = { "user", "pid", "time" };
  if (!spacer)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      const char *where;
      guint uid;
      StNamespaceRef *ref = st_space_get_ref (action_space (spacer), st_namespace_types_from_string (kinds[i], NULL), &error);
      g_assert_no_error (error);
      g_autofree char *expected = st_namespace_ref_to_string (ref);
      g_autoptr (GVariant) place = action_run (action_space (spacer), "place", g_variant_new_string (kinds[i]));
      g_variant_get (place, "(&su)", &where, &uid);
      g_assert_cmpstr (where, ==, expected);
      g_assert_cmpuint (uid, ==, 0);
    }
  st_spacer_close (spacer);
}

/* The same program by the same name, without arguments. */
static void
test_process (void)
{
  const char *comm, *name;
  guint64 size;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) process = action_run (here, "process", NULL);
  g_variant_get (process, "(&s&st)", &comm, &name, &size);
  if (!g_str_has_prefix (comm, "memcheck"))
    g_assert_cmpstr (comm, ==, "test-reexec");
  g_assert_true (g_str_has_suffix (name, "test-reexec"));
  g_assert_cmpuint (size, ==, strlen (name) + 1);
}

/* Started from a file that is gone by then, and another one is in its place. */
static void
test_gone (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;
  gsize size;
  if (g_getenv ("UNDER_VALGRIND"))
    {
      test_skip ("valgrind starts a program by the path that its file had, also where it is given a descriptor");
      return;
    }
  g_autofree char *directory = g_dir_make_tmp ("a copy-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (directory, "program", NULL);
  g_autofree char *own_libraries = g_test_build_filename (G_TEST_BUILT, "..", "spacetest", NULL);
  g_autofree char *libraries = g_strjoin (":", own_libraries, g_getenv ("LD_LIBRARY_PATH"), NULL);
  g_assert_true (g_file_get_contents (own_path, &content, &size, NULL));
  g_assert_true (g_file_set_contents_full (path, content, (gssize) size, G_FILE_SET_CONTENTS_CONSISTENT, 0755, NULL));

  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_setenv (launcher, "LD_LIBRARY_PATH", libraries, TRUE); /* it is found by where the program is */
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawn (launcher, &error, path, "--gone", NULL);
  g_assert_no_error (error);
  g_autofree char *output = read_all (g_subprocess_get_stdout_pipe (process));
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (output, "answered done"));
  g_assert_no_errno (g_unlink (path));
  g_assert_no_errno (g_rmdir (directory));
}

static int
be_gone (void)
{
  g_assert_no_errno (g_unlink (own_path));
  g_assert_true (g_file_set_contents_full (own_path, "#!/bin/sh\nexit 9\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0755, NULL));
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) done = action_run (here, "done", NULL);
  g_print ("answered %s", g_variant_get_string (done, NULL));
  return 0;
}

/* Nothing is inherited but what was given. */
static void
test_descriptors (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  int ends[2];
  char text[8] = "";
  const int kept = fcntl (STDIN_FILENO, F_DUPFD, 700); /* not close-on-exec */
  g_assert_cmpint (kept, >=, 0);
  g_autoptr (GVariant) usual = action_run (here, "count-descriptors", NULL);
  close (kept);
  g_autoptr (GVariant) less = action_run (here, "count-descriptors", NULL);
  g_assert_cmpuint (g_variant_get_uint32 (usual), ==, g_variant_get_uint32 (less));

  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  st_launcher_take_fd (launcher, ends[1], 17);
  st_reexec_options_set_launcher (options, launcher);
  g_autoptr (GVariant) more = st_reexec_run_with_options (here, "count-descriptors", NULL, options, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint32 (more), ==, g_variant_get_uint32 (usual) + 1);
  g_autoptr (GVariant) written = st_reexec_run_with_options (here, "write-to", g_variant_new_int32 (17), options, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (read (ends[0], text, sizeof text - 1), ==, 5);
  g_assert_cmpstr (text, ==, "hello");
  close (ends[0]);
}

/* More than fits in a pipe, and no error. */
static void
test_stderr (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *path = NULL;
  struct stat status;
  const int fd = g_file_open_tmp ("spacetest-XXXXXX", &path, &error);
  g_assert_no_error (error);
  st_launcher_take_stderr_fd (launcher, fd);
  st_reexec_options_set_launcher (options, launcher);
  g_autoptr (GVariant) value = st_reexec_run_with_options (here, "write-much", NULL, options, NULL, &error);
  g_assert_no_error (error);
  g_assert_no_errno (stat (path, &status));
  g_assert_cmpint (status.st_size, ==, 4 * MEGABYTE);
  g_assert_no_errno (unlink (path));
}

static void
test_much (void)
{
  const guint32 size = 100 * MEGABYTE;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) value = action_run (here, "return-much", g_variant_new_uint32 (size));
  gsize n;
  const guint8 *data = g_variant_get_fixed_array (value, &n, 1);
  g_assert_cmpuint (n, ==, size);
  g_assert_cmpuint (data[0], ==, 7);
  g_assert_cmpuint (data[size - 1], ==, 7);
  g_autoptr (GVariant) back = action_run (here, "give-back", value);
  g_assert_true (g_variant_equal (back, value));
}

static void
test_fork (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) first = action_run (here, "fork", NULL);
  g_assert_cmpstr (g_variant_get_string (first, NULL), ==, "the first");
  g_autoptr (GVariant) child = action_run (here, "fork-and-stay", NULL);
  g_assert_no_errno (kill (g_variant_get_int32 (child), SIGKILL));
}

/* REEX-12: what has answered and does not end is ended. */
static void
test_grace (void)
{
  const gint64 begin = g_get_monotonic_time ();
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GVariant) value = action_run (here, "return-and-block", NULL);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "result");
  g_test_message ("took %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - begin) / 1000);
}

/* REEX-09: where it is already, there is nothing to join. */
static void
test_own_user (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) user = st_namespace_ref_new_current (ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  g_autoptr (GVariant) done = action_run (ST_SPACE (user), "done", NULL);
  g_assert_cmpstr (g_variant_get_string (done, NULL), ==, "done");
}

static void
on_finished (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  g_autoptr (GError) error = NULL;
  GVariant **value = data;
  *value = st_reexec_run_finish (result, &error);
  g_assert_no_error (error);
}

static void
test_async (void)
{
  GVariant *values[3] = { NULL };
  g_autoptr (StSpace) here = open_own_space ();
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    st_reexec_run_async (here, "give-back", g_variant_new_uint32 ((guint) i), NULL, NULL, on_finished, &values[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      while (!values[i])
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpuint (g_variant_get_uint32 (values[i]), ==, i);
      g_variant_unref (values[i]);
    }
}

static gboolean
on_description (int          fd,
                GIOCondition condition,
                gpointer     data)
{
  g_autoptr (GError) error = NULL;
  char text[4096] = "";
  g_assert_cmpint (read (fd, text, sizeof text - 1), >, 0);
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable_string (text, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (opened, data));
  g_assert_cmpint (write (fd, "e", 1), ==, 1);
  return G_SOURCE_REMOVE;
}

/* By its clock, everything began at another time. */
static void
check_described_by_clock (gint64 offset)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacerOptions) clocks = st_spacer_options_new ();
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  GVariant *value = NULL;
  int sockets[2];
  st_spacer_options_set_boottime_offset (clocks, offset);
  g_autoptr (StSpacer) first = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) below = st_spacer_create_subspace (first, ST_NAMESPACE_USER | ST_NAMESPACE_TIME, clocks, NULL, &error);
  g_assert_no_error (error);
  StNamespaceRef *clock = st_space_get_ref (action_space (below), ST_NAMESPACE_TIME, &error);
  g_assert_no_error (error);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets));
  st_launcher_take_fd (launcher, sockets[1], 17);
  st_reexec_options_set_launcher (options, launcher);
  g_unix_fd_add (sockets[0], G_IO_IN, on_description, clock);
  st_reexec_run_async (action_space (below), "describe-clock", g_variant_new_int32 (17), options, NULL, on_finished, &value);
  while (!value)
    g_main_context_iteration (NULL, TRUE);
  g_variant_unref (value);
  close (sockets[0]);
  st_spacer_close (below);
}

static void
test_portable (void)
{
  g_autoptr (GError) error = NULL;
  if (!st_probe (ST_NAMESPACE_USER | ST_NAMESPACE_TIME, NULL, &error))
    {
      test_skip (error->message);
      return;
    }
  check_described_by_clock (0);
  check_described_by_clock (G_GINT64_CONSTANT (3600000000));
  check_described_by_clock (7123456);
  check_described_by_clock (-7123456);
}

static const Action actions[] = {
  { "count-descriptors", count_descriptors },
  { "describe-clock", describe_clock },
  { "done", say_done },
  { "fork", fork_first },
  { "fork-and-stay", fork_and_stay },
  { "give-back", give_back },
  { "place", get_place },
  { "prepend", prepend },
  { "process", get_process },
  { "return-and-block", return_and_block },
  { "return-much", return_much },
  { "silent", be_silent },
  { "variable", get_variable },
  { "write-much", write_much },
  { "write-to", write_to },
  { NULL, NULL },
};

int
main (int    argc,
      char **argv)
{
  own_path = argv[0];
  actions_register (actions);
  st_reexec_init (&argc, &argv);
  if (argc > 1 && g_str_equal (argv[1], "--gone"))
    return be_gone ();
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/reexec/REEX-01/REEX-02/say", test_say);
  test_add ("/reexec/REEX-03/environment", test_environment);
  test_add ("/reexec/REEX-04/parameter", test_parameter);
  test_add ("/reexec/REEX-09/own-user", test_own_user);
  test_add ("/reexec/REEX-12/grace", test_grace);
  test_add ("/reexec/async", test_async);
  test_add ("/reexec/descriptors", test_descriptors);
  test_add ("/reexec/fork", test_fork);
  test_add ("/reexec/gone", test_gone);
  test_add ("/reexec/inherited-environment", test_inherited_environment);
  test_add ("/reexec/much", test_much);
  test_add ("/reexec/not-normal", test_not_normal);
  test_add ("/reexec/portable", test_portable);
  test_add ("/reexec/process", test_process);
  test_add ("/reexec/stderr", test_stderr);
  test_add ("/reexec/subspace", test_subspace);
  test_add ("/reexec/types", test_types);
  return g_test_run ();
}
