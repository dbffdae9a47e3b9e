/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What programs start themselves: all that descends from one that runs ends with the caller, and with the spacer; what one left behind
 * when it ended by itself goes on. */
#include "process-support.h"
#include "spacer-support.h"

static const char *own_path;

/* Shell programs, of which all processes say "up" and keep standard output open; and how many these are. */
static const struct
{
  const char *script;
  int n;
} programs[] = {
  { "echo up; sleep 1000; true", 1 },
  { "sleep 1000 & echo up; wait", 1 },
  { "setsid sh -c 'echo up; sleep 1000; true' & nohup sh -c 'echo up; sleep 1000; true' & wait", 2 },
  { "sh -c \"sh -c 'echo up; sleep 1000; true' & echo up; sleep 1000; true\" & echo up; wait", 3 },
  { "trap '' TERM HUP INT CONT; (trap '' TERM HUP INT CONT; echo up; sleep 1000; true) & echo up; wait", 2 },
  { "i=0; while [ $i -lt 3 ]; do (echo up; while :; do sh -c :; done) & i=$((i + 1)); done; wait", 3 },
};

static GSubprocess *
start (StSpace    *space,
       const char *script)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *process = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "sh", "-c", script, NULL);
  g_assert_no_error (error);
  return process;
}

/* Names the helper, starts a program that has our standard output, and waits to be killed. */
G_NORETURN
static void
be_caller (const char *script)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  g_autoptr (StSpacer) helper = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  g_print ("%d\n", spacer_pid (helper));
  GSubprocess *process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "sh", "-c", script, NULL);
  g_assert_no_error (error);
  g_assert_nonnull (process);
  for (;;)
    pause ();
}

static int
read_number (GSubprocess *process)
{
  char line[16];
  read_line (process, line, sizeof line);
  g_assert_cmpint (atoi (line), >, 0);
  return atoi (line);
}

static GSubprocess *
start_caller (const char *script,
              int        *helper)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *caller = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, own_path, "--caller", script, NULL);
  g_assert_no_error (error);
  *helper = read_number (caller);
  return caller;
}

static void
wait_until_up (GSubprocess *process,
               int          n)
{
  char line[8];
  while (n-- > 0)
    {
      read_line (process, line, sizeof line);
      g_assert_cmpstr (line, ==, "up");
    }
}

/* Each of them has the other end. */
static void
wait_for_all (GSubprocess *process)
{
  GPollableInputStream *output = G_POLLABLE_INPUT_STREAM (g_subprocess_get_stdout_pipe (process));
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  while (!g_pollable_input_stream_is_readable (output) && g_get_monotonic_time () < deadline)
    sched_yield ();
  g_assert_true (g_pollable_input_stream_is_readable (output));
  g_autofree char *rest = read_all (G_INPUT_STREAM (output));
  g_assert_cmpstr (rest, ==, "");
}

static void
test_caller_killed (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      int helper;
      g_autoptr (GSubprocess) caller = start_caller (programs[i].script, &helper);
      wait_until_up (caller, programs[i].n);
      g_subprocess_force_exit (caller);
      wait_for_all (caller);
      g_subprocess_wait (caller, NULL, NULL);
    }
}

/* Then who watches over the helper does it. */
static void
test_caller_and_helper_killed (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      int helper;
      g_autoptr (GSubprocess) caller = start_caller (programs[i].script, &helper);
      wait_until_up (caller, programs[i].n);
      g_assert_no_errno (kill (helper, SIGKILL));
      g_subprocess_force_exit (caller);
      wait_for_all (caller);
      g_subprocess_wait (caller, NULL, NULL);
    }
}

/* Without a PID namespace, and with one, where the stand-in is outside. */
static void
test_spacer_closed (void)
{
  const StNamespaceType ways[] = { USER, USER | PID };
  if (!spacer_can_have_users ())
    return;
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (StSpacer) spacer = spacer_start ();
        g_autoptr (StSpacer) below = spacer_below (spacer, ways[way]);
        StSpace *space = st_spacer_get_space (below, &error);
        g_assert_no_error (error);
        g_autoptr (GSubprocess) process = start (space, programs[i].script);
        wait_until_up (process, programs[i].n);
        st_spacer_close (spacer);
        wait_for_all (process);
        g_assert_true (g_subprocess_wait (process, NULL, NULL));
        g_assert_cmpint (g_subprocess_get_term_sig (process), ==, SIGKILL);
      }
}

/* As of any GSubprocess: neither the end of a program nor that of its process is a reason to end what it has started. */
static void
test_left_behind (void)
{
  static const char script[] = "sleep 1000 >/dev/null & echo $!; [ $0 = kill ] && kill -9 $$";
  static const char *const ways[] = { "exit", "kill" };
  g_autoptr (StSpace) space = open_own_space ();
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "sh", "-c", script, ways[way], NULL);
      g_assert_no_error (error);
      const int left = read_number (process);
      g_assert_true (g_subprocess_wait (process, NULL, NULL));
      g_assert_cmpint (g_subprocess_get_if_signaled (process), ==, way);
      assert_shell (space, "echo the helper has seen it", "the helper has seen it");
      wait_for_state (left, RUNNING);
      g_assert_no_errno (kill (left, SIGKILL));
    }
}

/* What a caller starts by itself is none of the library's. */
G_NORETURN
static void
be_caller_with_stranger (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) stranger = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, "sleep", "1000", NULL);
  g_assert_no_error (error);
  g_print ("%s\n", g_subprocess_get_identifier (stranger));
  be_caller ("echo up; sleep 1000; true");
}

static void
test_stranger (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) caller = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, own_path, "--caller-with-stranger", NULL);
  g_assert_no_error (error);
  const int stranger = read_number (caller);
  g_assert_cmpint (read_number (caller), !=, stranger);
  wait_until_up (caller, 1);
  g_subprocess_force_exit (caller);
  wait_for_all (caller);
  g_subprocess_wait (caller, NULL, NULL);
  wait_for_state (stranger, "S");
  g_assert_no_errno (kill (stranger, SIGKILL));
}

int
main (int    argc,
      char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--caller") == 0)
    be_caller (argv[2]);
  if (argc == 2 && strcmp (argv[1], "--caller-with-stranger") == 0)
    be_caller_with_stranger ();
  own_path = argv[0];
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/spawn/background/caller-killed", test_caller_killed);
  test_add ("/spawn/background/caller-and-helper-killed", test_caller_and_helper_killed);
  test_add ("/spawn/background/left-behind", test_left_behind);
  test_add ("/spawn/background/spacer-closed", test_spacer_closed);
  test_add ("/spawn/background/stranger", test_stranger);
  return g_test_run ();
}
