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

/* When its line is read, it may not be that program yet. */
static int
wait_for_sleep (GSubprocess *process)
{
  char line[16];
  int command;
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  read_line (process, line, sizeof line);
  while ((command = find_command (process, "sleep")) == 0 && g_get_monotonic_time () < deadline)
    sched_yield ();
  g_assert_cmpint (command, >, 0);
  return command;
}

/* A program in somebody else's container, and who stands in for it. */
typedef struct
{
  Container container;
  StSpace *space;
  GSubprocess *process;
  int command;
} Sleeper;

static void
sleeper_start (Sleeper *self)
{
  container_start_full (&self->container);
  self->space = open_space (self->container.pid, ALL_KINDS);
  self->process = start (self->space, "echo up; exec sleep 1000");
  self->command = wait_for_sleep (self->process);
}

static void
sleeper_clear (Sleeper *self)
{
  g_object_unref (self->process);
  g_object_unref (self->space);
  if (self->container.outer)
    container_stop (&self->container);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sleeper, sleeper_clear)

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
  g_auto (Sleeper) sleeper = { 0 };
  sleeper_start (&sleeper);
  g_subprocess_force_exit (sleeper.process);
  assert_died_by (sleeper.process, SIGKILL);
  wait_for_state (sleeper.command, GONE);
}

static void
test_terminate (void)
{
  g_auto (Sleeper) sleeper = { 0 };
  sleeper_start (&sleeper);
  g_subprocess_send_signal (sleeper.process, SIGTERM);
  assert_died_by (sleeper.process, SIGTERM);
  wait_for_state (sleeper.command, GONE);
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
  g_auto (Sleeper) sleeper = { 0 };
  sleeper_start (&sleeper);
  for (guint i = 0; i < 40; i++)
    {
      g_subprocess_send_signal (sleeper.process, SIGSTOP);
      wait_for_state (sleeper.command, STOPPED);
      if (i % 2) /* it may also be continued before */
        wait_for_state (get_pid (sleeper.process), STOPPED);
      g_subprocess_send_signal (sleeper.process, SIGCONT);
      wait_for_state (sleeper.command, RUNNING);
      wait_for_state (get_pid (sleeper.process), RUNNING);
    }
  g_subprocess_send_signal (sleeper.process, SIGTERM);
  assert_died_by (sleeper.process, SIGTERM);
}

static void
test_killed_while_stopped (void)
{
  g_auto (Sleeper) sleeper = { 0 };
  sleeper_start (&sleeper);
  g_subprocess_send_signal (sleeper.process, SIGSTOP);
  wait_for_state (sleeper.command, STOPPED);
  g_subprocess_force_exit (sleeper.process);
  assert_died_by (sleeper.process, SIGKILL);
  wait_for_state (sleeper.command, GONE);
}

/* Who stands in for it is stopped then, and has to wake up. */
static void
test_command_stopped_and_killed (void)
{
  g_auto (Sleeper) sleeper = { 0 };
  sleeper_start (&sleeper);
  g_assert_no_errno (kill (sleeper.command, SIGSTOP));
  wait_for_state (get_pid (sleeper.process), STOPPED);
  g_assert_no_errno (kill (sleeper.command, SIGKILL));
  assert_died_by (sleeper.process, SIGKILL);
}

/* The container's end is the end of all that is in it. */
static void
test_container_ends (void)
{
  g_auto (Sleeper) sleeper = { 0 };
  sleeper_start (&sleeper);
  container_stop (&sleeper.container);
  assert_died_by (sleeper.process, SIGKILL);
  g_autoptr (GError) error = NULL;
  GSubprocess *late = st_space_spawn (sleeper.space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL);
  test_assert_not_made (late, error, ST_ERROR_STALE, "the init of its PID namespace is gone");
}

/* A change of the user makes the kernel forget whom it was to die with. */
static void
test_other_user (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_real_root ())
    return;
  Container container;
  static const char *const options[] = { "--pid", "--fork", "--mount", "--mount-proc", NULL };
  container_start (&container, options);
  g_autoptr (StSpace) space = open_space (container.pid, ST_NAMESPACE_PID | ST_NAMESPACE_MNT);
  g_autoptr (GSubprocess) process = start (space, "exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'echo up; exec sleep 1000'");
  const int command = wait_for_sleep (process);
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
