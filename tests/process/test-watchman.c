/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What a helper guards when that helper is killed, or who watches over it. */
#include "helper-client.h"
#include "support.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N 20
#define ROUNDS 40
#define PATIENCE (10 * G_USEC_PER_SEC)
#define ITS_FDS 6 /* standard input and output, socket, helper, guard */

static gboolean
has_name (GPid        pid,
          const char *name)
{
  g_autofree char *comm = read_proc (pid, "comm");
  return comm && strcmp (g_strchomp (comm), name) == 0;
}

/* A child of the helper, or 0. */
static GPid
find_watchman (GPid helper)
{
  g_autofree char *name = g_strdup_printf ("task/%d/children", helper);
  g_autofree char *children = read_proc (helper, name);
  g_auto (GStrv) pids = g_strsplit (children ? children : "", " ", -1);
  for (char **pid = pids; *pid; pid++)
    if (has_name (atoi (*pid), "watchman"))
      return atoi (*pid);
  return 0;
}

/* It takes its name only when it runs. */
static GPid
wait_for_watchman (GPid helper,
                   GPid other_than)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  GPid pid;
  while (((pid = find_watchman (helper)) == 0 || pid == other_than) && g_get_monotonic_time () < deadline)
    sched_yield ();
  g_assert_cmpint (pid, >, 0);
  g_assert_cmpint (pid, !=, other_than);
  return pid;
}

static void
wait_for_nobody (GPid pid)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  char state = 'R';
  while (state != 'Z' && state != 0 && g_get_monotonic_time () < deadline)
    {
      g_autofree char *text = read_proc (pid, "stat");
      const char *end = text ? strrchr (text, ')') : NULL;
      state = end ? end[2] : 0;
    }
  g_assert_true (state == 'Z' || state == 0);
}

static void
start_guarded (Helper *helper,
               Idle   *idle,
               int     n)
{
  for (int i = 0; i < n; i++)
    idle_start (&idle[i]);
  helper_start (helper, -1);
  for (int i = 0; i < n; i++)
    g_assert_cmpint (helper_guard (helper->connection, idle[i].pidfd, -1), ==, 0);
}

static void
assert_killed (Idle *idle,
               int   n)
{
  for (int i = 0; i < n; i++)
    idle_assert_killed (&idle[i]);
}

/* The helper was stopped, or killed, right after it had said that it guards them, or later. */
static void
test_helper_killed (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      Helper helper;
      Idle idle[3];
      start_guarded (&helper, idle, 1 + round % 3);
      const GPid watchman = round % 2 ? wait_for_watchman (helper.pid, 0) : 0;
      helper_kill (&helper);
      assert_killed (idle, 1 + round % 3);
      if (watchman)
        wait_for_nobody (watchman);
    }
}

/* Nobody holds what could not be told; then nobody was told that it is held. */
static void
test_helper_killed_while_asked (void)
{
  int answered = 0;
  for (int round = 0; round < ROUNDS; round++)
    {
      Helper helper;
      Idle idle, other;
      Request request;
      StWireMessage answer;
      idle_start (&idle);
      idle_start (&other);
      helper_start (&helper, -1);
      if (round % 2) /* the helper is up, and has a watchman */
        g_assert_cmpint (helper_guard (helper.connection, other.pidfd, -1), ==, 0);
      request_begin (&request, ST_WIRE_GUARD);
      st_wire_add_fd (&request.message, idle.pidfd);
      request_send (&request, helper.connection);
      const gint64 begin = g_get_monotonic_time ();
      while (g_get_monotonic_time () < begin + round * 40)
        sched_yield ();
      helper_kill (&helper);
      if (request_finish (&request, &answer))
        {
          answer_assert_done (&answer, 0, 0);
          answered++;
        }
      else
        g_assert_no_errno (kill (idle.pid, SIGKILL));
      idle_assert_killed (&idle);
      if (round % 2 == 0)
        g_assert_no_errno (kill (other.pid, SIGKILL));
      idle_assert_killed (&other);
    }
  g_test_message ("%d of %d answered", answered, ROUNDS);
}

static void
test_watchman_killed (void)
{
  Helper helper;
  Idle idle[N];
  GPid watchman = 0;
  start_guarded (&helper, idle, N);
  for (int i = 0; i < 5; i++)
    {
      watchman = wait_for_watchman (helper.pid, watchman);
      g_assert_no_errno (kill (watchman, SIGKILL));
    }
  watchman = wait_for_watchman (helper.pid, watchman);
  wait_for_fds (watchman, ITS_FDS + N);
  wait_for_fds (helper.pid, HELPER_FDS + WATCHMAN_FDS + N);
  for (int i = 0; i < N; i++)
    g_assert_true (idle_is_alive (&idle[i]));
  helper_kill (&helper);
  assert_killed (idle, N);
  wait_for_nobody (watchman);
}

/* The helper still has them. */
static void
test_watchman_killed_at_the_end (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      Helper helper;
      Idle idle[2];
      start_guarded (&helper, idle, 2);
      const GPid watchman = wait_for_watchman (helper.pid, 0);
      g_assert_no_errno (kill (watchman, SIGKILL));
      helper_stop (&helper);
      assert_killed (idle, 2);
      wait_for_nobody (watchman);
    }
}

static void
test_watchman_stopped (void)
{
  for (int round = 0; round < 2; round++)
    {
      Helper helper;
      Idle idle;
      start_guarded (&helper, &idle, 1);
      const GPid watchman = wait_for_watchman (helper.pid, 0);
      g_assert_no_errno (kill (watchman, SIGSTOP));
      if (round == 0)
        helper_kill (&helper);
      else
        helper_stop (&helper);
      idle_assert_killed (&idle);
      wait_for_nobody (watchman);
    }
}

/* One that does not take what it is told is replaced. */
static void
test_watchman_full (void)
{
  Helper helper;
  Idle idle;
  int told = 0;
  start_guarded (&helper, &idle, 1);
  const GPid watchman = wait_for_watchman (helper.pid, 0);
  g_assert_no_errno (kill (watchman, SIGSTOP));
  while (has_name (watchman, "watchman") && told < 900)
    {
      g_assert_cmpint (helper_guard (helper.connection, idle.pidfd, -1), ==, 0);
      told++;
    }
  g_test_message ("replaced after %d", told);
  wait_for_fds (wait_for_watchman (helper.pid, watchman), ITS_FDS + told + 1);
  wait_for_nobody (watchman);
  g_assert_true (idle_is_alive (&idle));
  helper_kill (&helper);
  idle_assert_killed (&idle);
}

static void
test_good_order (void)
{
  Helper helper;
  Idle idle;
  start_guarded (&helper, &idle, 1);
  const GPid watchman = wait_for_watchman (helper.pid, 0);
  helper_stop (&helper);
  g_autofree char *rest = read_proc (watchman, "stat"); /* the helper waited for it */
  g_assert_null (rest);
  idle_assert_killed (&idle);
}

/* It keeps nothing of those who have ended. */
static void
test_growth (void)
{
  Helper helper;
  Idle kept;
  start_guarded (&helper, &kept, 1);
  const GPid watchman = wait_for_watchman (helper.pid, 0);
  for (int i = 0; i < 10 * N; i++)
    {
      Idle first, second;
      idle_start (&first);
      idle_start (&second);
      g_assert_cmpint (helper_guard (helper.connection, first.pidfd, second.pidfd), ==, 0);
      g_assert_no_errno (kill (first.pid, SIGKILL));
      idle_assert_killed (&first);
      idle_assert_killed (&second);
    }
  wait_for_fds (helper.pid, HELPER_FDS + WATCHMAN_FDS + 1);
  wait_for_fds (watchman, ITS_FDS + 1);
  g_assert_cmpint (find_watchman (helper.pid), ==, watchman);
  g_assert_true (idle_is_alive (&kept));
  helper_kill (&helper);
  idle_assert_killed (&kept);
}

/* Those of other users can't be asked, and are none of ours. */
static guint
count_inside (const Subspace *subspace)
{
  guint n = 0;
  struct stat wanted, found;
  g_autoptr (GDir) directory = g_dir_open ("/proc", 0, NULL);
  g_assert_no_errno (fstat (subspace->fds[ST_KIND_USER], &wanted));
  for (const char *name; (name = g_dir_read_name (directory));)
    {
      g_autofree char *path = g_build_filename ("/proc", name, "ns/user", NULL);
      n += g_ascii_isdigit (*name) && stat (path, &found) == 0 && found.st_ino == wanted.st_ino;
    }
  return n;
}

/* In a user namespace only, so that no kernel ends anybody: the middle one of three is killed. */
static void
test_middle_killed (void)
{
  Helper helper;
  Subspace levels[3];
  Idle idle[3];
  for (int i = 0; i < 3; i++)
    idle_start (&idle[i]);
  helper_start (&helper, -1);
  for (int i = 0; i < 3; i++)
    {
      subspace_make (&levels[i], i == 0 ? helper.connection : levels[i - 1].connection, CLONE_NEWUSER);
      g_assert_cmpint (helper_guard (levels[i].connection, idle[i].pidfd, -1), ==, 0);
      wait_for_watchman (levels[i].pid, 0);
      g_assert_cmpuint (count_inside (&levels[i]), ==, 2);
    }
  g_assert_no_errno (kill (levels[1].pid, SIGKILL));
  idle_assert_killed (&idle[1]);
  idle_assert_killed (&idle[2]);
  g_assert_true (idle_is_alive (&idle[0]));
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  while (count_inside (&levels[1]) + count_inside (&levels[2]) > 0 && g_get_monotonic_time () < deadline)
    sched_yield ();
  g_assert_cmpuint (count_inside (&levels[1]) + count_inside (&levels[2]), ==, 0);
  g_assert_cmpuint (count_inside (&levels[0]), ==, 2);
  helper_kill (&helper);
  idle_assert_killed (&idle[0]);
  for (int i = 0; i < 3; i++)
    subspace_close (&levels[i]);
}

/* Who is init takes all of its namespace with it; nobody else needs to. */
static void
test_init_helper (void)
{
  Helper helper;
  Subspace subspace;
  helper_start (&helper, -1);
  subspace_make (&subspace, helper.connection, CLONE_NEWUSER | CLONE_NEWPID);
  g_assert_cmpint (helper_guard (subspace.connection, subspace.pidfd, -1), ==, 0);
  g_assert_cmpint (find_watchman (subspace.pid), ==, 0);
  wait_for_fds (subspace.pid, SUBSPACE_FDS + 1);
  subspace_close (&subspace);
  helper_stop (&helper);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/watchman/good-order", test_good_order);
  test_add ("/watchman/growth", test_growth);
  test_add ("/watchman/helper-killed", test_helper_killed);
  test_add ("/watchman/helper-killed-while-asked", test_helper_killed_while_asked);
  test_add ("/watchman/init", test_init_helper);
  test_add ("/watchman/killed", test_watchman_killed);
  test_add ("/watchman/killed-at-the-end", test_watchman_killed_at_the_end);
  test_add ("/watchman/full", test_watchman_full);
  test_add ("/watchman/middle-killed", test_middle_killed);
  test_add ("/watchman/stopped", test_watchman_stopped);
  return g_test_run ();
}
