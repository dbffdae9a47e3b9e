/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Programs in spaces: where they are, how they end, and why they are not started. */
#include "process-support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

static const StNamespaceType transient_kinds[] = { ST_NAMESPACE_NET, ST_NAMESPACE_MNT, ST_NAMESPACE_UTS, ST_NAMESPACE_IPC, ST_NAMESPACE_CGROUP };

/* Each kind that the space names is that one, and each other kind is ours. */
static void
assert_is_inside (StSpace *space,
                  guint    but)
{
  for (guint kind = 1; kind; kind <<= 1)
    {
      const char *name = kind & ALL_KINDS & ~but ? st_namespace_type_get_name (kind) : NULL;
      if (!name)
        continue;
      StNamespaceRef *ref = st_space_get_types (space) & kind ? st_space_get_ref (space, kind, NULL) : NULL;
      g_autofree char *expected = ref ? st_namespace_ref_to_string (ref) : test_where (name);
      g_autofree char *command = g_strdup_printf ("readlink /proc/self/ns/%s", name);
      assert_shell (space, command, expected);
    }
}

static void
test_transients (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (transient_kinds); i++)
    {
      g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient (transient_kinds[i], &error);
      g_assert_no_error (error);
      assert_is_inside (ST_SPACE (ref), 0);
    }
  g_autoptr (StSpace) all = st_space_new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT | ST_NAMESPACE_UTS | ST_NAMESPACE_IPC | ST_NAMESPACE_CGROUP, &error);
  g_assert_no_error (error);
  assert_is_inside (all, 0);
}

/* Also for who has no privilege at all: it is his own. */
static void
test_container (void)
{
  Container container;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  assert_is_inside (space, 0);
  assert_shell (space, "id -u", "0");
  g_autofree char *uptime = run_shell (space, "cut -d. -f1 /proc/uptime; cat /proc/sys/kernel/random/boot_id >/dev/null");
  g_assert_cmpstr (uptime, !=, "");
  g_autofree char *numbers = run_shell (space, "echo $$ $PPID");
  int own = 0, parent = -1;
  g_assert_cmpint (sscanf (numbers, "%d %d", &own, &parent), ==, 2);
  g_assert_cmpint (own, >, 1);
  g_assert_cmpint (parent, ==, 0);
  container_stop (&container);
}

/* The user namespace that owns what was asked for is joined where that gives the permission. */
static void
test_owner (void)
{
  Container container;
  container_start_full (&container);
  g_autoptr (StSpace) network = open_space (container.pid, ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
  assert_is_inside (network, test_is_privileged () ? 0 : ST_NAMESPACE_USER);
  assert_shell (network, "readlink /proc/self/ns/user >/dev/null; cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '", "lo");
  container_stop (&container);
}

/* Those that no thread can enter, alone. */
static void
test_single_kinds (void)
{
  static const guint kinds[] = { ST_NAMESPACE_USER, ST_NAMESPACE_TIME, ST_NAMESPACE_PID | ST_NAMESPACE_MNT, ST_NAMESPACE_PID | ST_NAMESPACE_USER | ST_NAMESPACE_MNT };
  Container container;
  container_start_full (&container);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (StSpace) space = open_space (container.pid, kinds[i]);
      assert_is_inside (space, test_is_privileged () ? 0 : ST_NAMESPACE_USER);
    }
  container_stop (&container);
}

static void
test_clocks (void)
{
  Container container;
  gdouble here, there;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ST_NAMESPACE_TIME | ST_NAMESPACE_USER);
  g_autofree char *text = run_shell (space, "/usr/bin/python3 -c 'import time; print(time.monotonic())'");
  here = (gdouble) g_get_monotonic_time () / G_USEC_PER_SEC;
  there = g_ascii_strtod (text, NULL);
  g_assert_cmpfloat (there - here, >, 999000.);
  g_assert_cmpfloat (there - here, <, 1001000.);
  container_stop (&container);
}

static void
assert_ends (StSpace    *space,
             const char *command,
             int         status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "sh", "-c", command, NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_subprocess_get_status (process) & ~0x80, ==, status & ~0x80);
}

/* Those that are somebody's own on the way, and their neighbours. */
static gboolean
is_special (int status)
{
  return status < 4 || status > 252 || (status > 120 && status < 132);
}

/* Under valgrind, each start takes a second. */
static void
test_exit_status (void)
{
  g_auto (Spaces) both = { 0 };
  spaces_open (&both);
  for (int status = 0; status < 256; status++)
    {
      g_autofree char *command = g_strdup_printf ("exit %d", status);
      if (is_special (status) || !g_getenv ("UNDER_VALGRIND"))
        assert_ends (both.own, command, status << 8);
      if (is_special (status))
        assert_ends (both.foreign, command, status << 8);
    }
}

static void
test_fatal_signals (void)
{
  static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSYS };
  g_auto (Spaces) both = { 0 };
  void (*before) (int) = signal (SIGPIPE, SIG_IGN); /* as GIO's sockets have it; nobody inherits that */
  spaces_open (&both);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autofree char *command = g_strdup_printf ("ulimit -c 0; kill -%d $$", numbers[i]);
      assert_ends (both.own, command, numbers[i]);
      assert_ends (both.foreign, command, numbers[i]);
    }
  signal (SIGPIPE, before);
}

static void
assert_not_started (StSpace    *space,
                    const char *program,
                    StError     code,
                    const char *text)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, program, "argument", NULL), error, code, text);
}

static void
test_missing_program (void)
{
  g_auto (Spaces) both = { 0 };
  spaces_open (&both);
  StSpace *spaces[] = { both.own, both.foreign };
  for (gsize i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      assert_not_started (spaces[i], "/no/such/program", ST_ERROR_NOT_FOUND, "/no/such/program");
      assert_not_started (spaces[i], "no-such-program", ST_ERROR_NOT_FOUND, "no-such-program");
      assert_not_started (spaces[i], "/dev/null/program", ST_ERROR_NOT_FOUND, "/dev/null/program");
      assert_not_started (spaces[i], "", ST_ERROR_INVALID_ARGUMENT, "its name is empty");
      assert_not_started (spaces[i], "/", ST_ERROR_PERMISSION_DENIED, "cannot start /: Permission denied (it is a directory");
      assert_not_started (spaces[i], "/etc/passwd", ST_ERROR_PERMISSION_DENIED, "or this user may not execute it)");
    }
}

static void
test_nonsense (void)
{
  static const char *const none[] = { NULL };
  static const char *const words[] = { "true", NULL };
  static const guint contradictions[] = {
    G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDIN_INHERIT,
    G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
    G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE,
    G_SUBPROCESS_FLAGS_STDERR_SILENCE | G_SUBPROCESS_FLAGS_STDERR_MERGE,
    1U << 30,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  test_assert_not_made (st_space_spawnv (space, NULL, 0, &error), error, ST_ERROR_INVALID_ARGUMENT, "no arguments");
  test_assert_not_made (st_space_spawnv (space, none, 0, &error), error, ST_ERROR_INVALID_ARGUMENT, "no arguments");
  test_assert_not_made (st_space_spawn (space, 0, &error, NULL, NULL), error, ST_ERROR_INVALID_ARGUMENT, "no arguments");
  for (gsize i = 0; i < G_N_ELEMENTS (contradictions); i++)
    test_assert_not_made (st_space_spawnv (space, words, contradictions[i], &error), error, ST_ERROR_INVALID_ARGUMENT, "cannot start");
}

static void
test_closed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) unmade = g_object_new (ST_TYPE_SPACE, NULL);
  g_autoptr (StSpace) space = open_own_space ();
  st_namespace_ref_close (ST_NAMESPACE_REF (space));
  assert_not_started (unmade, "true", ST_ERROR_CLOSED, "closed");
  assert_not_started (space, "true", ST_ERROR_CLOSED, "closed");
}

/* Somebody else's, for who has no rights there. */
static void
test_forbidden (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  Container container;
  static const char *const options[] = { "--user", "--map-root-user", "--fork", "--net", NULL };
  container_start (&container, options);
  g_autoptr (StSpace) network = open_space (container.pid, ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) home = st_namespace_ref_new_current (ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  StNamespaceRef *refs[] = { st_space_get_ref (network, ST_NAMESPACE_NET, NULL), home };
  g_autoptr (StSpace) space = st_space_new (refs, 2, &error);
  g_assert_no_error (error);
  assert_not_started (space, "true", ST_ERROR_PERMISSION_DENIED, "cannot enter net namespace");
  assert_not_started (space, "true", ST_ERROR_PERMISSION_DENIED, "spacetest run");
  container_stop (&container);
}

static void
fill (GPtrArray *argv,
      guint      n)
{
  g_ptr_array_set_size (argv, 0);
  g_ptr_array_add (argv, g_strdup ("sh"));
  g_ptr_array_add (argv, g_strdup ("-c"));
  g_ptr_array_add (argv, g_strdup ("echo $#"));
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (argv, g_strnfill (128000, 'x'));
  g_ptr_array_add (argv, NULL);
}

static void
test_big (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (StSpace) space = open_own_space ();
  fill (argv, 15);
  g_autoptr (GSubprocess) process = st_space_spawnv (space, (const char *const *) argv->pdata, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  g_autofree char *output = finish_output (process);
  g_assert_cmpstr (output, ==, "14");
  fill (argv, 60);
  test_assert_not_made (st_space_spawnv (space, (const char *const *) argv->pdata, 0, &error), error, ST_ERROR_INVALID_ARGUMENT, "RLIMIT_STACK");
}

#define MANY 300
#define LIST_FDS "cd /proc/self/fd && echo *"

static void
open_many (int fds[MANY])
{
  for (gsize i = 0; i < MANY; i++)
    {
      fds[i] = open ("/dev/null", O_RDONLY); /* not close-on-exec */
      g_assert_no_errno (fds[i]);
    }
}

static void
test_descriptors (void)
{
  g_autoptr (GError) error = NULL;
  int fds[MANY];
  g_auto (Spaces) both = { 0 };
  spaces_open (&both);
  StSpace *spaces[] = { both.own, both.foreign };
  open_many (fds);
  for (gsize i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      assert_shell (spaces[i], LIST_FDS, "0 1 2 3"); /* the last one is that of the list */
      g_autoptr (GSubprocess) process = st_space_spawn (spaces[i], G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_INHERIT_FDS, &error, "sh", "-c", "ls /proc/self/fd | wc -l", NULL);
      g_assert_no_error (error);
      g_autofree char *count = finish_output (process);
      g_assert_cmpint (atoi (count), >=, MANY + 4);
      g_assert_cmpint (atoi (count), <, MANY + 12);
    }
  for (gsize i = 0; i < MANY; i++)
    close (fds[i]);
}

static guint forks;

static void
count_fork (void)
{
  g_atomic_int_inc (&forks);
}

/* fork() calls this, posix_spawn() does not. */
static void
test_no_fork (void)
{
  const GSubprocessFlags flags[] = { G_SUBPROCESS_FLAGS_NONE, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, G_SUBPROCESS_FLAGS_INHERIT_FDS,
                                     G_SUBPROCESS_FLAGS_SEARCH_PATH_FROM_ENVP, G_SUBPROCESS_FLAGS_STDIN_INHERIT | G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE };
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  const guint before = g_atomic_int_get (&forks);
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      g_autoptr (GSubprocess) process = st_space_spawn (space, flags[i], &error, "true", NULL);
      g_assert_no_error (error);
      g_assert_true (g_subprocess_wait_check (process, NULL, &error));
    }
  g_assert_cmpuint (g_atomic_int_get (&forks), ==, before);
}

static void
test_stdio (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  Container container;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) cat = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                                                &error, "sh", "-c", "cat; echo bad >&2", NULL);
  g_assert_no_error (error);
  g_assert_true (g_output_stream_write_all (g_subprocess_get_stdin_pipe (cat), "good", 4, NULL, NULL, &error));
  g_assert_true (g_output_stream_close (g_subprocess_get_stdin_pipe (cat), NULL, &error));
  output = read_all (g_subprocess_get_stdout_pipe (cat));
  errors = read_all (g_subprocess_get_stderr_pipe (cat));
  g_assert_true (g_subprocess_wait_check (cat, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (output, ==, "good");
  g_assert_cmpstr (errors, ==, "bad\n");

  g_autoptr (GSubprocess) merged = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error, "sh", "-c", "echo a; echo b >&2; cat", NULL);
  g_assert_no_error (error);
  g_autofree char *both = finish_output (merged);
  g_assert_cmpstr (both, ==, "a\nb");

  g_autoptr (GSubprocess) silent = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, "sh", "-c",
                                                   "test /dev/null -ef /proc/self/fd/0 && test /dev/null -ef /proc/self/fd/1 && test /dev/null -ef /proc/self/fd/2", NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (silent, NULL, &error));
  g_assert_no_error (error);
  container_stop (&container);
}

/* Its end is seen when the command closes it, not when the process that stands in for it ends. */
static void
test_output_ends (void)
{
  g_autoptr (GError) error = NULL;
  Container container;
  char byte;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "sh", "-c", "exec 1>&-; read nothing", NULL);
  g_assert_no_error (error);
  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (process), &byte, 1, NULL, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpint (get_pid (process), >, 0);
  g_assert_true (g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, &error));
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  container_stop (&container);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  start_guard ();
  pthread_atfork (count_fork, NULL, NULL);
  test_add ("/spawn/transients", test_transients);
  test_add ("/spawn/container", test_container);
  test_add ("/spawn/owner", test_owner);
  test_add ("/spawn/single-kinds", test_single_kinds);
  test_add ("/spawn/clocks", test_clocks);
  test_add ("/spawn/exit-status", test_exit_status);
  test_add ("/spawn/fatal-signals", test_fatal_signals);
  test_add ("/spawn/missing-program", test_missing_program);
  test_add ("/spawn/nonsense", test_nonsense);
  test_add ("/spawn/closed", test_closed);
  test_add ("/spawn/forbidden", test_forbidden);
  test_add ("/spawn/big", test_big);
  test_add ("/spawn/descriptors", test_descriptors);
  test_add ("/spawn/no-fork", test_no_fork);
  test_add ("/spawn/stdio", test_stdio);
  test_add ("/spawn/output-ends", test_output_ends);
  return g_test_run ();
}
