/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"
#include "support.h"

#include "st-kernel.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits until the helper has read all that was sent before. */
static void
synchronize (Helper *helper)
{
  int fds[1];
  if (space_make (helper->connection, CLONE_NEWUTS, fds) == 0)
    close (fds[0]);
}

static void
test_end (void)
{
  Helper helper;
  Idle one, pair[2];
  idle_start (&one);
  idle_start (&pair[0]);
  idle_start (&pair[1]);
  helper_start (&helper, -1);
  g_assert_cmpint (helper_guard (helper.connection, one.pidfd, -1), ==, 0);
  g_assert_cmpint (helper_guard (helper.connection, pair[0].pidfd, pair[1].pidfd), ==, 0);
  synchronize (&helper);
  g_assert_true (idle_is_alive (&one) && idle_is_alive (&pair[0]) && idle_is_alive (&pair[1]));
  helper_stop (&helper);
  idle_assert_killed (&one);
  idle_assert_killed (&pair[0]);
  idle_assert_killed (&pair[1]);
}

/* Nobody waits for the answer. */
static void
send_guard (int connection,
            int pidfd)
{
  Request request;
  request_begin (&request, ST_WIRE_GUARD);
  st_wire_add_fd (&request.message, pidfd);
  request_send (&request, connection);
  close (request.answer);
}

/* What the helper has not even read. */
static void
test_unread (void)
{
  for (int round = 0; round < 20; round++)
    {
      Helper helper;
      Idle idle;
      idle_start (&idle);
      helper_start (&helper, -1);
      if (round % 2)
        synchronize (&helper);
      g_assert_cmpint (send (helper.connection, "nonsense", 8, 0), ==, 8);
      send_guard (helper.connection, idle.pidfd);
      if (round % 2)
        g_assert_no_errno (kill (helper.pid, SIGTERM));
      helper_stop (&helper);
      idle_assert_killed (&idle);
    }
}

static void
test_pair (void)
{
  Helper helper;
  Idle first, second;
  idle_start (&first);
  idle_start (&second);
  helper_start (&helper, -1);
  g_assert_cmpint (helper_guard (helper.connection, first.pidfd, second.pidfd), ==, 0);
  synchronize (&helper);
  g_assert_no_errno (kill (first.pid, SIGKILL));
  idle_assert_killed (&first);
  idle_assert_killed (&second);
  wait_for_fds (helper.pid, HELPER_FDS + WATCHMAN_FDS);
  helper_stop (&helper);
}

/* The first goes on without the second, and is still guarded. */
static void
test_second_ends (void)
{
  Helper helper;
  Idle first, second;
  idle_start (&first);
  idle_start (&second);
  helper_start (&helper, -1);
  g_assert_cmpint (helper_guard (helper.connection, first.pidfd, second.pidfd), ==, 0);
  g_assert_no_errno (kill (second.pid, SIGKILL));
  idle_assert_killed (&second);
  wait_for_fds (helper.pid, HELPER_FDS + WATCHMAN_FDS + 1);
  g_assert_true (idle_is_alive (&first));
  helper_stop (&helper);
  idle_assert_killed (&first);
}

static void
test_ended_before (void)
{
  Helper helper;
  Idle first, second;
  idle_start (&first);
  idle_start (&second);
  helper_start (&helper, -1);
  g_assert_no_errno (kill (first.pid, SIGKILL));
  wait_until_gone (first.pidfd);
  g_assert_cmpint (helper_guard (helper.connection, first.pidfd, second.pidfd), ==, 0);
  idle_assert_killed (&first);
  idle_assert_killed (&second);
  wait_for_fds (helper.pid, HELPER_FDS + WATCHMAN_FDS);
  helper_stop (&helper);
}

static void
test_many (void)
{
  enum { N = 100 };
  Helper helper;
  Idle idle[N];
  for (int i = 0; i < N; i++)
    idle_start (&idle[i]);
  helper_start (&helper, -1);
  for (int i = 0; i < N; i++)
    g_assert_cmpint (helper_guard (helper.connection, idle[i].pidfd, -1), ==, 0);
  for (int i = 0; i < N; i += 3)
    g_assert_no_errno (kill (idle[i].pid, SIGKILL));
  wait_for_fds (helper.pid, HELPER_FDS + WATCHMAN_FDS + N - (N + 2) / 3);
  helper_stop (&helper);
  for (int i = 0; i < N; i++)
    idle_assert_killed (&idle[i]);
}

/* What is no process is not kept, and who came along with it may not run. */
static void
test_no_process (void)
{
  Helper helper;
  Idle idle;
  int sockets[2];
  idle_start (&idle);
  helper_start (&helper, -1);
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  g_assert_cmpint (helper_guard (helper.connection, 0, -1), ==, EBADF);
  g_assert_cmpint (helper_guard (helper.connection, sockets[0], sockets[1]), ==, EBADF);
  g_assert_cmpint (helper_guard (helper.connection, sockets[0], idle.pidfd), ==, EBADF);
  idle_assert_killed (&idle);
  close (sockets[0]);
  close (sockets[1]);
  wait_for_fds (helper.pid, HELPER_FDS);
  helper_stop (&helper);
}

/* The same process more than once. */
static void
test_twice (void)
{
  Helper helper;
  Idle idle;
  idle_start (&idle);
  helper_start (&helper, -1);
  g_assert_cmpint (helper_guard (helper.connection, idle.pidfd, idle.pidfd), ==, 0);
  g_assert_cmpint (helper_guard (helper.connection, idle.pidfd, -1), ==, 0);
  synchronize (&helper);
  g_assert_true (idle_is_alive (&idle));
  helper_stop (&helper);
  idle_assert_killed (&idle);
}

/* Guarded by a subspace without a PID namespace: it ends in good order when the one above it is killed. */
static void
test_root_killed (void)
{
  Helper helper;
  Subspace subspace;
  Idle idle;
  int fds[1];
  idle_start (&idle);
  helper_start (&helper, -1);
  subspace_make (&subspace, helper.connection, CLONE_NEWUSER);
  g_assert_cmpint (helper_guard (subspace.connection, idle.pidfd, -1), ==, 0);
  g_assert_cmpint (space_make (subspace.connection, CLONE_NEWUTS, fds), ==, 0);
  close (fds[0]);
  helper_kill (&helper);
  wait_until_gone (subspace.pidfd);
  idle_assert_killed (&idle);
  subspace_close (&subspace);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/helper-guard/end", test_end);
  test_add ("/helper-guard/ended-before", test_ended_before);
  test_add ("/helper-guard/many", test_many);
  test_add ("/helper-guard/no-process", test_no_process);
  test_add ("/helper-guard/pair", test_pair);
  test_add ("/helper-guard/root-killed", test_root_killed);
  test_add ("/helper-guard/second-ends", test_second_ends);
  test_add ("/helper-guard/twice", test_twice);
  test_add ("/helper-guard/unread", test_unread);
  return g_test_run ();
}
