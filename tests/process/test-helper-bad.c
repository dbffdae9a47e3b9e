/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The answer is a failure, and the helper goes on. */
static void
check_answered (Helper        *helper,
                StWireMessage *message,
                int            error)
{
  StWireMessage answer;
  Request request;
  const StWireMessage sent = *message;
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record = sent.record;
  for (gsize i = 1; i < sent.n_fds; i++)
    st_wire_add_fd (&request.message, 0);
  g_assert_true (request_do (&request, helper->connection, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_UNDERSTAND, 0, error);
  helper_assert_alive (helper);
}

static void
test_answered (void)
{
  Helper helper;
  StWireMessage message;
  helper_start (&helper, -1);
  st_wire_begin (&message, ST_WIRE_SPACE, 11);
  message.record.header.version = 2;
  check_answered (&helper, &message, EPROTONOSUPPORT);
  st_wire_begin (&message, ST_WIRE_SPACE, 12);
  message.record.header.magic = 0;
  check_answered (&helper, &message, EPROTO);
  st_wire_begin (&message, ST_WIRE_SPACE, 13);
  message.n_fds = 3;
  check_answered (&helper, &message, EPROTO);
  st_wire_begin (&message, ST_WIRE_SPACE, 14);
  message.record.header.type = 77;
  check_answered (&helper, &message, EPROTO);
  st_wire_begin (&message, ST_WIRE_SPACE, 0);
  message.record.header.size = 5; /* so long is what is sent, too */
  check_answered (&helper, &message, EPROTO);
  st_wire_begin (&message, ST_WIRE_SUBSPACE, 16);
  memset (message.record.subspace.host_name, 'x', sizeof message.record.subspace.host_name);
  message.n_fds = 2;
  check_answered (&helper, &message, EPROTO);
  st_wire_begin (&message, ST_WIRE_JOIN, 17);
  message.record.join.has_guard = 1;
  message.n_fds = 1;
  check_answered (&helper, &message, EPROTO);
  st_wire_begin (&message, ST_WIRE_DONE, 18);
  check_answered (&helper, &message, EPROTO);
  helper_stop (&helper);
}

/* There is nobody to answer. */
static void
test_dropped (void)
{
  Helper helper;
  g_autofree char *big = g_malloc0 (2 * sizeof (StWireRecord));
  helper_start (&helper, -1);
  g_assert_cmpint (send (helper.connection, "", 0, 0), ==, 0);
  g_assert_cmpint (send (helper.connection, "x", 1, 0), ==, 1);
  g_assert_cmpint (send (helper.connection, big, 2 * sizeof (StWireRecord), 0), ==, 2 * sizeof (StWireRecord));
  for (guint type = ST_WIRE_SUBSPACE; type <= ST_WIRE_FAILED; type++)
    {
      StWireMessage message;
      st_wire_begin (&message, type, 0);
      g_assert_cmpint (st_wire_send (helper.connection, &message), ==, 0);
      for (gsize n = 1; n <= ST_WIRE_MAX_FDS; n++) /* what looks like an answer socket is none */
        {
          st_wire_add_fd (&message, 0);
          g_assert_cmpint (st_wire_send (helper.connection, &message), ==, 0);
        }
    }
  helper_assert_alive (&helper);
  wait_for_fds (helper.pid, HELPER_FDS);
  helper_stop (&helper);
}

/* The same request twice is two requests: the answer socket that both have gets two answers. */
static void
test_repeated (void)
{
  Helper helper;
  Request request;
  StWireMessage answer;
  helper_start (&helper, -1);
  request_begin (&request, ST_WIRE_SPACE);
  g_assert_cmpint (st_wire_send (helper.connection, &request.message), ==, 0);
  request_send (&request, helper.connection);
  for (int i = 0; i < 2; i++)
    {
      g_assert_cmpint (st_wire_receive (request.answer, &answer), ==, 1);
      answer_assert_failed (&answer, ST_WIRE_STEP_UNDERSTAND, 0, EINVAL);
    }
  g_assert_cmpint (st_wire_receive (request.answer, &answer), ==, 0);
  close (request.answer);
  helper_stop (&helper);
}

/* Nobody can make it wait by not reading: an answer socket that is full is passed over. */
static void
test_full_answer_socket (void)
{
  Helper helper;
  int sockets[2];
  StWireMessage filler, request;
  helper_start (&helper, -1);
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  st_wire_begin (&filler, ST_WIRE_FAILED, 0);
  while (st_wire_send_now (sockets[1], &filler) == 0)
    ;
  st_wire_begin (&request, ST_WIRE_SPACE, 1);
  st_wire_add_fd (&request, sockets[1]);
  for (int i = 0; i < 10; i++)
    g_assert_cmpint (st_wire_send (helper.connection, &request), ==, 0);
  helper_assert_alive (&helper);
  close (sockets[0]);
  close (sockets[1]);
  helper_stop (&helper);
}

/* Answers that nobody reads, with descriptors that count as under way: as many as the kernel lets us have. */
static void
test_flood (void)
{
  enum { N = 400 };
  Maker maker;
  Request requests[N];
  int fds[1];
  maker_start (&maker);
  for (int i = 0; i < N; i++)
    {
      request_begin (&requests[i], ST_WIRE_SPACE);
      requests[i].message.record.space.kinds = CLONE_NEWUTS;
      request_send (&requests[i], maker.connection);
    }
  g_assert_cmpint (space_make (maker.connection, CLONE_NEWUTS, fds), ==, 0);
  close (fds[0]);
  wait_for_fds (maker.pid, maker.n_fds);
  for (int i = 0; i < N; i++)
    close (requests[i].answer);
  maker_stop (&maker);
}

static int
run_helper (const char *first,
            const char *second)
{
  int pid, status;
  posix_spawn_file_actions_t actions;
  g_autofree char *program = g_build_filename (g_getenv ("SPACETEST_LIBEXECDIR"), "spacetest-helper", NULL);
  char *argv[] = { program, (char *) first, (char *) second, NULL };
  g_assert_cmpint (posix_spawn_file_actions_init (&actions), ==, 0);
  g_assert_cmpint (posix_spawn_file_actions_addopen (&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0), ==, 0);
  g_assert_cmpint (posix_spawn (&pid, program, &actions, NULL, argv, environ), ==, 0);
  posix_spawn_file_actions_destroy (&actions);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (pid, &status, 0)), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_arguments (void)
{
  g_assert_cmpint (run_helper (NULL, NULL), ==, 2);
  g_assert_cmpint (run_helper ("nonsense", NULL), ==, 2);
  g_assert_cmpint (run_helper ("serve", NULL), ==, 1);
  g_assert_cmpint (run_helper ("serve", ""), ==, 1);
  g_assert_cmpint (run_helper ("serve", "x"), ==, 1);
  g_assert_cmpint (run_helper ("serve", "-1"), ==, 1);
  g_assert_cmpint (run_helper ("serve", "0x"), ==, 1);
  g_assert_cmpint (run_helper ("serve", "99999999999999999999"), ==, 1);
  g_assert_cmpint (run_helper ("serve", "2"), ==, 1);
  g_assert_cmpint (run_helper ("serve", "777"), ==, 1);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/helper-bad/answered", test_answered);
  test_add ("/helper-bad/arguments", test_arguments);
  test_add ("/helper-bad/dropped", test_dropped);
  test_add ("/helper-bad/flood", test_flood);
  test_add ("/helper-bad/full-answer-socket", test_full_answer_socket);
  test_add ("/helper-bad/repeated", test_repeated);
  return g_test_run ();
}
