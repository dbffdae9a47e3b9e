/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Programs in spaces: who starts them, what is left when somebody dies, and what happens when something runs out. */
#include "process-support.h"

#include "../core/scarce-support.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>

#define MARK "SPACETEST_LIFE_MARK"

static const char *own_path;

/* Starts programs until it is killed. */
G_NORETURN
static void
be_caller (int pid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = pid > 0 ? open_space (pid, ALL_KINDS) : open_own_space ();
  for (guint i = 0; i < 64; i++)
    {
      GSubprocess *process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "sleep", "1000", NULL);
      g_assert_no_error (error);
      g_print ("%s\n", g_subprocess_get_identifier (process));
    }
  for (;;)
    pause ();
}

/* Zombies have no environment. */
static gboolean
has_mark (const char *pid,
          const char *mark)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "environ", NULL);
  g_autofree char *text = NULL;
  gsize size = 0;
  return g_file_get_contents (path, &text, &size, NULL) && memmem (text, size, mark, strlen (mark));
}

/* What it is, and what it does. */
static void
describe (const char *pid)
{
  static const char *const files[] = { "status", "stat", "cmdline", "wchan", "syscall", "stack" };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename ("/proc", pid, files[i], NULL);
      g_autofree char *text = NULL;
      gsize size = 0;
      if (!g_file_get_contents (path, &text, &size, NULL))
        continue;
      for (gsize k = 0; k < size; k++)
        if (text[k] == '\n' || text[k] == '\0')
          text[k] = ' ';
      g_test_message ("%s: %s", path, text);
    }
}

static guint
visit_marked (const char *mark,
              gboolean    describes)
{
  guint n = 0;
  g_autoptr (GDir) directory = g_dir_open ("/proc", 0, NULL);
  for (const char *name; (name = g_dir_read_name (directory));)
    if (g_ascii_isdigit (*name) && has_mark (name, mark))
      {
        n++;
        if (describes)
          describe (name);
      }
  return n;
}

static guint
count_marked (const char *mark)
{
  return visit_marked (mark, FALSE);
}

/* Who is about to execute a program has no environment for a moment: one look is not enough. */
static void
wait_until_none (const char *mark)
{
  const gint64 begin = g_get_monotonic_time ();
  for (int looks = 0; looks < 10; looks++)
    {
      if (count_marked (mark) == 0)
        continue;
      looks = -1;
      if (g_get_monotonic_time () > begin + PATIENCE)
        break;
      sched_yield ();
    }
  g_assert_cmpuint (visit_marked (mark, TRUE), ==, 0);
  g_test_message ("all gone after %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - begin) / 1000);
}

/* At another moment each time, in the middle of a start as well. */
static void
kill_caller (int   pid,
             guint round)
{
  g_autoptr (GError) error = NULL;
  char line[16];
  g_autofree char *mark = g_strdup_printf ("%d-%u-%d.", getpid (), round, pid);
  g_autofree char *number = g_strdup_printf ("%d", pid);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_setenv (launcher, MARK, mark, TRUE);
  g_autoptr (GSubprocess) caller = g_subprocess_launcher_spawn (launcher, &error, own_path, "--caller", number, NULL);
  g_assert_no_error (error);
  for (guint i = 0; i < 1 + round % 3; i++)
    read_line (caller, line, sizeof line);
  g_assert_cmpuint (count_marked (mark), >=, 1);
  for (guint i = 0; i < round * 20; i++)
    sched_yield ();
  g_subprocess_force_exit (caller);
  g_subprocess_wait (caller, NULL, NULL);
  wait_until_none (mark);
}

static void
test_caller_killed (void)
{
  for (guint round = 0; round < 12; round++)
    kill_caller (0, round);
}

static void
test_caller_killed_in_container (void)
{
  Container container;
  container_start_full (&container);
  for (guint round = 0; round < 12; round++)
    kill_caller (container.pid, round);
  container_stop (&container);
}

typedef struct
{
  StSpace *space;
  GSubprocess *process;
} Start;

static gpointer
start_many (gpointer data)
{
  Start *start = data;
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GSubprocess) process = st_space_spawn (start->space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL);
      g_assert_no_error (error);
      g_assert_true (g_subprocess_wait_check (process, NULL, &error));
    }
  start->process = st_space_spawn (start->space, G_SUBPROCESS_FLAGS_NONE, &error, "sleep", "1000", NULL);
  g_assert_no_error (error);
  return NULL;
}

/* Who starts a program and ends does not end the program. */
static void
test_threads (void)
{
  Container container;
  GThread *threads[6];
  Start starts[6];
  container_start_full (&container);
  g_autoptr (StSpace) own = open_own_space ();
  g_autoptr (StSpace) foreign = open_space (container.pid, ALL_KINDS);
  for (gsize i = 0; i < 6; i++)
    {
      starts[i] = (Start){ i % 2 ? own : foreign, NULL };
      threads[i] = g_thread_new ("starter", start_many, &starts[i]);
    }
  for (gsize i = 0; i < 6; i++)
    g_thread_join (threads[i]);
  for (gsize i = 0; i < 6; i++)
    {
      wait_for_state (get_pid (starts[i].process), "S");
      g_subprocess_force_exit (starts[i].process);
      g_assert_true (g_subprocess_wait (starts[i].process, NULL, NULL));
      g_assert_cmpint (g_subprocess_get_term_sig (starts[i].process), ==, SIGKILL);
      g_object_unref (starts[i].process);
    }
  container_stop (&container);
}

static gboolean
run_on_visit (gpointer data,
              GError **error)
{
  StNamespaceRef **refs = data;
  g_autofree char *net = st_namespace_ref_to_string (refs[0]);
  g_autofree char *uts = st_namespace_ref_to_string (refs[1]);
  assert_shell (ST_SPACE (refs[1]), "readlink /proc/self/ns/net", net);
  assert_shell (ST_SPACE (refs[1]), "readlink /proc/self/ns/uts", uts);
  return TRUE;
}

/* What the space does not name is as the calling thread has it. */
static void
test_visit (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  StNamespaceRef *refs[] = { net, uts };
  st_space_call (ST_SPACE (net), run_on_visit, refs, &error);
  g_assert_no_error (error);
  st_space_run_in_thread (ST_SPACE (net), run_on_visit, refs, NULL, &error);
  g_assert_no_error (error);
}

static gboolean
run_among_other_mounts (gpointer data,
                        GError **error)
{
  StNamespaceRef **refs = data;
  g_autofree char *mnt = st_namespace_ref_to_string (refs[0]);
  g_autofree char *uts = st_namespace_ref_to_string (refs[1]);
  g_assert_no_errno (chdir ("/usr"));
  assert_shell (ST_SPACE (refs[1]), "readlink /proc/self/ns/mnt", mnt);
  assert_shell (ST_SPACE (refs[1]), "readlink /proc/self/ns/uts", uts);
  assert_shell (ST_SPACE (refs[1]), "pwd", "/usr");
  return TRUE;
}

/* The helper program is not there, and is not needed there. */
static void
test_visit_without_helper (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_mount_tmpfs (mntns, g_getenv ("SPACETEST_LIBEXECDIR"), 0, &error));
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  StNamespaceRef *refs[] = { ST_NAMESPACE_REF (mntns), uts };
  st_space_run_in_thread (ST_SPACE (mntns), run_among_other_mounts, refs, NULL, &error);
  g_assert_no_error (error);
}

/* Either it works, or it says what there is not enough of. */
static gboolean
try_start (StSpace *space)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "/bin/true", NULL);
  if (process)
    g_assert_true (g_subprocess_wait (process, NULL, NULL));
  else
    g_assert_error (error, ST_ERROR, ST_ERROR_EXHAUSTED);
  return process != NULL;
}

static void
test_few_descriptors (void)
{
  g_auto (Spaces) both = { 0 };
  spaces_open (&both);
  StSpace *spaces[] = { both.own, both.foreign };
  for (gsize i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      guint started = 0;
      for (guint left = 0; left < 40; left++)
        {
          scarce_begin (left);
          started += try_start (spaces[i]);
          scarce_end ();
        }
      g_assert_cmpuint (started, >, 0);
      g_assert_cmpuint (started, <, 40);
    }
}

/* The limit counts all processes of the user, others' too. */
static void
test_few_processes (void)
{
  struct rlimit usual, limit;
  guint refused = 0;
  if (test_is_real_root ())
    {
      g_test_skip ("root is not limited");
      return;
    }
  Container container;
  container_start_full (&container);
  g_autoptr (StSpace) foreign = open_space (container.pid, ALL_KINDS);
  g_assert_no_errno (getrlimit (RLIMIT_NPROC, &usual));
  limit = usual;
  gboolean started = FALSE;
  for (limit.rlim_cur = 0; !started && limit.rlim_cur < 4096; limit.rlim_cur++)
    {
      g_assert_no_errno (setrlimit (RLIMIT_NPROC, &limit));
      started = try_start (foreign);
      refused += !started;
    }
  g_assert_no_errno (setrlimit (RLIMIT_NPROC, &usual));
  g_assert_true (started);
  g_assert_cmpuint (refused, >, 0);
  container_stop (&container);
}

static void
assert_helper_failed (const char *directory,
                      StError     code,
                      const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  g_autofree char *usual = g_strdup (g_getenv ("SPACETEST_LIBEXECDIR"));
  g_setenv ("SPACETEST_LIBEXECDIR", directory, TRUE);
  test_assert_not_made (st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL), error, code, text);
  g_setenv ("SPACETEST_LIBEXECDIR", usual, TRUE);
}

/* What takes its place is not taken for a program that ran. */
static void
test_other_helper (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("spacetest-XXXXXX", &error);
  g_autofree char *helper = g_build_filename (directory, "spacetest-helper", NULL);
  assert_helper_failed (directory, ST_ERROR_NOT_FOUND, helper);
  g_assert_no_errno (symlink ("/bin/true", helper));
  assert_helper_failed (directory, ST_ERROR_HELPER_FAILED, "without an answer");
  g_assert_no_errno (g_unlink (helper));
  g_assert_no_errno (symlink ("/", helper));
  assert_helper_failed (directory, ST_ERROR_HELPER_FAILED, helper);
  g_assert_no_errno (g_unlink (helper));
  g_assert_no_errno (rmdir (directory));
}

/* GLib's thread, which waits for children, is not there. */
static void
start_forked (gpointer space)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL), error, ST_ERROR_NOT_SUPPORTED,
                        "this process was forked from one with threads");
}

static void
test_forked (void)
{
  g_autoptr (StSpace) space = open_own_space ();
  test_in_child (start_forked, space);
}

static gboolean
start_and_wait (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL);
  g_assert_true (process != NULL || g_error_matches (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED));
  return process && g_subprocess_wait_check (process, NULL, NULL);
}

/* Forks before it has anything to do with the library: a child whose GLib has all its threads is as good as a process that was not
 * forked. */
static int
be_forker (gboolean starts_glib)
{
  int status;
  if (starts_glib)
    g_type_ensure (G_TYPE_TASK);
  const pid_t child = fork ();
  if (child == 0)
    _exit (start_and_wait () != starts_glib ? EXIT_SUCCESS : EXIT_FAILURE);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, &status, 0)), ==, child);
  return WIFEXITED (status) ? WEXITSTATUS (status) : EXIT_FAILURE;
}

static void
test_forked_early (void)
{
  static const char *const ways[] = { "single", "threaded" };
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSubprocess) forker = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, own_path, "--forker", ways[i], NULL);
      g_assert_no_error (error);
      g_subprocess_wait_check (forker, NULL, &error);
      g_assert_no_error (error);
    }
}

static void
keep_result (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GSubprocess *
spawn_async (StSpace      *space,
             GCancellable *cancellable,
             gboolean      cancels,
             GError      **error)
{
  static const char *const argv[] = { "sleep", "1000", NULL };
  g_autoptr (GAsyncResult) result = NULL;
  st_space_spawnv_async (space, argv, G_SUBPROCESS_FLAGS_NONE, cancellable, keep_result, &result);
  if (cancels)
    g_cancellable_cancel (cancellable);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  return st_space_spawnv_finish (space, result, error);
}

/* Cancelled before, at some time, and not at all: there is an error, or a process that runs. */
static void
test_async (void)
{
  g_auto (Spaces) both = { 0 };
  spaces_open (&both);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      if (i == 0)
        g_cancellable_cancel (cancellable);
      g_autoptr (GSubprocess) process = spawn_async (i % 2 ? both.own : both.foreign, i == 1 ? NULL : cancellable, i > 3, &error);
      if (process)
        {
          g_assert_no_error (error);
          g_subprocess_force_exit (process);
          g_assert_true (g_subprocess_wait (process, NULL, NULL));
        }
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_true ((i == 0) <= (process == NULL));
      g_assert_true (i == 0 || i > 3 || process);
    }
}

int
main (int    argc,
      char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--caller") == 0)
    be_caller (atoi (argv[2]));
  if (argc == 3 && strcmp (argv[1], "--forker") == 0)
    return be_forker (strcmp (argv[2], "threaded") == 0);
  own_path = argv[0];
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/spawn/life/caller-killed", test_caller_killed);
  test_add ("/spawn/life/caller-killed-in-container", test_caller_killed_in_container);
  test_add ("/spawn/life/threads", test_threads);
  test_add ("/spawn/life/visit", test_visit);
  test_add ("/spawn/life/visit-without-helper", test_visit_without_helper);
  test_add ("/spawn/life/few-descriptors", test_few_descriptors);
  test_add ("/spawn/life/few-processes", test_few_processes);
  test_add ("/spawn/life/other-helper", test_other_helper);
  test_add ("/spawn/life/async", test_async);
  test_add ("/spawn/life/forked", test_forked);
  test_add ("/spawn/life/forked-early", test_forked_early);
  return g_test_run ();
}
