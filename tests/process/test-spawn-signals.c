/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Signals to programs in spaces: what is sent to the process reaches the program, and the other way round. */
#include "process-support.h"

#include <errno.h>
#include <signal.h>

static GSubprocess *
start (StSpace    *space,
       const char *command)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *process = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "sh", "-c", command, NULL);
  g_assert_no_error (error);
  return process;
}

/* A program of that name: when its line is read, it is what it is. */
static GSubprocess *
start_sleep (StSpace *space,
             int     *command)
{
  char line[16];
  GSubprocess *process = start (space, "echo up; exec sleep 1000");
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  read_line (process, line, sizeof line);
  for (*command = 0; *command == 0 && g_get_monotonic_time () < deadline; sched_yield ())
    *command = find_command (process, "sleep");
  g_assert_cmpint (*command, >, 0);
  return process;
}

static void
assert_died_by (GSubprocess *process,
                int          number)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_signaled (process));
  g_assert_cmpint (g_subprocess_get_term_sig (process), ==, number);
}

static void
test_force_exit (void)
{
  Container container;
  int command;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) process = start_sleep (space, &command);
  g_subprocess_force_exit (process);
  assert_died_by (process, SIGKILL);
  wait_for_state (command, GONE);
  container_stop (&container);
}

static void
test_terminate (void)
{
  Container container;
  int command;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) process = start_sleep (space, &command);
  g_subprocess_send_signal (process, SIGTERM);
  assert_died_by (process, SIGTERM);
  wait_for_state (command, GONE);
  container_stop (&container);
}

static void
test_caught (void)
{
  g_autoptr (GError) error = NULL;
  static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGALRM, SIGCONT };
  Container container;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      char line[16];
      g_autofree char *command = g_strdup_printf ("trap 'echo got; exit 7' %d; echo up; while :; do sleep 0.01; done", numbers[i]);
      g_autoptr (GSubprocess) process = start (space, command);
      read_line (process, line, sizeof line);
      g_subprocess_send_signal (process, numbers[i]);
      read_line (process, line, sizeof line);
      g_assert_cmpstr (line, ==, "got");
      g_assert_true (g_subprocess_wait (process, NULL, &error));
      g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 7);
    }
  container_stop (&container);
}

/* Many times, as both take several steps. */
static void
test_stop_and_continue (void)
{
  Container container;
  int command;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) process = start_sleep (space, &command);
  for (guint i = 0; i < 40; i++)
    {
      g_subprocess_send_signal (process, SIGSTOP);
      wait_for_state (command, STOPPED);
      if (i % 2) /* it may also be continued before */
        wait_for_state (get_pid (process), STOPPED);
      g_subprocess_send_signal (process, SIGCONT);
      wait_for_state (command, RUNNING);
      wait_for_state (get_pid (process), RUNNING);
    }
  g_subprocess_send_signal (process, SIGTERM);
  assert_died_by (process, SIGTERM);
  container_stop (&container);
}

static void
test_killed_while_stopped (void)
{
  Container container;
  int command;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) process = start_sleep (space, &command);
  g_subprocess_send_signal (process, SIGSTOP);
  wait_for_state (command, STOPPED);
  g_subprocess_force_exit (process);
  assert_died_by (process, SIGKILL);
  wait_for_state (command, GONE);
  container_stop (&container);
}

/* Who stands in for it is stopped then, and has to wake up. */
static void
test_command_stopped_and_killed (void)
{
  Container container;
  int command;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) process = start_sleep (space, &command);
  g_assert_no_errno (kill (command, SIGSTOP));
  wait_for_state (get_pid (process), STOPPED);
  g_assert_no_errno (kill (command, SIGKILL));
  assert_died_by (process, SIGKILL);
  container_stop (&container);
}

/* The container's end is the end of all that is in it. */
static void
test_container_ends (void)
{
  Container container;
  int command;
  container_start_full (&container);
  g_autoptr (StSpace) space = open_space (container.pid, ALL_KINDS);
  g_autoptr (GSubprocess) process = start_sleep (space, &command);
  container_stop (&container);
  assert_died_by (process, SIGKILL);
  g_autoptr (GError) error = NULL;
  GSubprocess *late = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL);
  test_assert_not_made (late, error, ST_ERROR_EXHAUSTED, "pid namespace");
}

/* A change of the user makes the kernel forget whom it was to die with. */
static void
test_other_user (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_real_root ())
    return;
  Container container;
  char line[16];
  static const char *const options[] = { "--pid", "--fork", "--mount", "--mount-proc", NULL };
  container_start (&container, options);
  g_autoptr (StSpace) space = open_space (container.pid, ST_NAMESPACE_PID | ST_NAMESPACE_MNT);
  g_autoptr (GSubprocess) process = start (space, "exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'echo up; exec sleep 1000'");
  read_line (process, line, sizeof line);
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  int command = 0;
  for (; command == 0 && g_get_monotonic_time () < deadline; sched_yield ())
    command = find_command (process, "sleep");
  g_subprocess_send_signal (process, SIGSTOP);
  wait_for_state (command, STOPPED);
  g_subprocess_send_signal (process, SIGCONT);
  wait_for_state (command, RUNNING);
  g_subprocess_force_exit (process);
  assert_died_by (process, SIGKILL);
  wait_for_state (command, GONE);
  container_stop (&container);
}

/* Without a PID namespace the process is the program. */
static void
test_in_place (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = open_own_space ();
  g_autoptr (GSubprocess) process = start (space, "echo $$; exec sleep 1000");
  char line[16];
  read_line (process, line, sizeof line);
  g_assert_cmpstr (line, ==, g_subprocess_get_identifier (process));
  g_subprocess_send_signal (process, SIGSTOP);
  wait_for_state (get_pid (process), STOPPED);
  g_subprocess_send_signal (process, SIGCONT);
  wait_for_state (get_pid (process), RUNNING);
  g_subprocess_force_exit (process);
  assert_died_by (process, SIGKILL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/spawn/signals/force-exit", test_force_exit);
  test_add ("/spawn/signals/terminate", test_terminate);
  test_add ("/spawn/signals/caught", test_caught);
  test_add ("/spawn/signals/stop-and-continue", test_stop_and_continue);
  test_add ("/spawn/signals/killed-while-stopped", test_killed_while_stopped);
  test_add ("/spawn/signals/command-stopped-and-killed", test_command_stopped_and_killed);
  test_add ("/spawn/signals/container-ends", test_container_ends);
  test_add ("/spawn/signals/other-user", test_other_user);
  test_add ("/spawn/signals/in-place", test_in_place);
  return g_test_run ();
}
