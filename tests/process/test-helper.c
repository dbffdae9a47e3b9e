/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"
#include "support.h"

#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIME 0x80
#define SIX (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | TIME | CLONE_NEWUTS)

/* Six live ones, none of them ours, in the order of the table. */
static void
test_space (void)
{
  Maker maker;
  int fds[ST_N_KINDS];
  gsize next = 0;
  maker_start (&maker);
  g_assert_cmpint (space_make (maker.connection, SIX, fds), ==, 0);
  ST_FOREACH_KIND (kind)
    if (SIX & kind->flag)
      {
        const StKind *actual = NULL;
        StIdentity here, there;
        int own = st_system_open_current (kind);
        g_assert_cmpint (st_system_get_kind (fds[next], &actual), ==, 0);
        g_assert_cmpstr (actual->name, ==, kind->name);
        g_assert_cmpint (st_system_identify (own, &here), ==, 0);
        g_assert_cmpint (st_system_identify (fds[next++], &there), ==, 0);
        g_assert_false (st_system_is_same (&here, &there));
        close (own);
      }
  fds_close (fds, next);
  ST_FOREACH_KIND (kind)
    if (SIX & kind->flag)
      {
        g_assert_cmpint (space_make (maker.connection, kind->flag, fds), ==, 0);
        fds_close (fds, 1);
      }
  maker_stop (&maker);
}

static int
socket_make (int            connection,
             int            network,
             int            family,
             StWireMessage *answer)
{
  Request request;
  request_begin (&request, ST_WIRE_SOCKET);
  st_wire_add_fd (&request.message, network);
  request.message.record.socket.family = family;
  request.message.record.socket.type = SOCK_DGRAM;
  g_assert_true (request_do (&request, connection, answer));
  return answer->n_fds > 0 ? answer->fds[0] : -1;
}

static gboolean
is_loopback_up (int socket)
{
  struct ifreq request = { .ifr_name = "lo" };
  g_assert_no_errno (ioctl (socket, SIOCGIFFLAGS, &request));
  return (request.ifr_flags & IFF_UP) != 0;
}

/* Of the network it was opened in, whoever uses it. */
static void
test_tap (void)
{
  Maker maker;
  int network;
  StWireMessage answer;
  Request request;
  maker_start (&maker);
  g_assert_cmpint (space_make (maker.connection, CLONE_NEWNET, &network), ==, 0);
  request_begin (&request, ST_WIRE_TAP);
  st_wire_add_fd (&request.message, network);
  g_assert_true (request_do (&request, maker.connection, &answer));
  const int here = open ("/dev/net/tun", O_RDWR | O_CLOEXEC);
  const int number = errno;
  if (here >= 0)
    {
      answer_assert_done (&answer, 0, 1);
      g_assert_cmpint (fcntl (answer.fds[0], F_GETFD), ==, FD_CLOEXEC);
      close (answer.fds[0]);
      close (here);
    }
  else
    answer_assert_failed (&answer, ST_WIRE_STEP_TAP, 0, number);
  close (network);
  maker_stop (&maker);
}

static void
test_socket (void)
{
  Maker maker;
  int network;
  StWireMessage answer;
  maker_start (&maker);
  g_assert_cmpint (space_make (maker.connection, CLONE_NEWNET, &network), ==, 0);
  int made = socket_make (maker.connection, network, AF_INET, &answer);
  answer_assert_done (&answer, 0, 1);
  g_assert_true (is_loopback_up (made));
  g_assert_cmpint (fcntl (made, F_GETFD), ==, FD_CLOEXEC);
  close (made);
  socket_make (maker.connection, network, 12345, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_SOCKET, 0, EAFNOSUPPORT);
  socket_make (maker.connection, 0, AF_INET, &answer);
  g_assert_cmpint (answer.record.header.type, ==, ST_WIRE_FAILED);
  g_assert_cmpuint (answer.record.failed.step, ==, ST_WIRE_STEP_ENTER);
  close (network);
  maker_stop (&maker);
}

/* Nobody needs permission for where the helper is. */
static void
test_socket_here (void)
{
  Helper helper;
  StWireMessage answer;
  helper_start (&helper, -1);
  int network = st_system_open_current (&st_kinds[ST_KIND_NET]);
  int made = socket_make (helper.connection, network, AF_UNIX, &answer);
  answer_assert_done (&answer, 0, 1);
  close (made);
  close (network);
  network = st_system_open_current (&st_kinds[ST_KIND_UTS]);
  socket_make (helper.connection, network, AF_UNIX, &answer);
  answer_assert_failed (&answer, ST_WIRE_STEP_ENTER, CLONE_NEWNET, EINVAL);
  close (network);
  helper_stop (&helper);
}

static void
test_loopback_down (void)
{
  Maker maker;
  Request request;
  StWireMessage answer, socket_answer;
  maker_start (&maker);
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = CLONE_NEWNET;
  g_assert_true (request_do (&request, maker.connection, &answer));
  answer_assert_done (&answer, CLONE_NEWNET, 1);
  int made = socket_make (maker.connection, answer.fds[0], AF_INET, &socket_answer);
  g_assert_false (is_loopback_up (made));
  close (made);
  st_wire_close_fds (&answer);
  maker_stop (&maker);
}

static void
check_kinds (StWireType type,
             guint      kinds)
{
  Helper helper;
  Request request;
  StWireMessage answer;
  helper_start (&helper, -1);
  request_begin (&request, type);
  if (type == ST_WIRE_SUBSPACE)
    {
      st_wire_add_fd (&request.message, helper.connection);
      request.message.record.subspace.kinds = kinds;
    }
  else
    request.message.record.space.kinds = kinds;
  g_assert_true (request_do (&request, helper.connection, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_UNDERSTAND, kinds, EINVAL);
  helper_stop (&helper);
}

static void
test_bad_subspace_kinds (void)
{
  check_kinds (ST_WIRE_SUBSPACE, 0);
  check_kinds (ST_WIRE_SUBSPACE, G_MAXUINT32);
  check_kinds (ST_WIRE_SUBSPACE, CLONE_NEWUSER | CLONE_NEWNET);
  check_kinds (ST_WIRE_SUBSPACE, CLONE_VM);
}

static void
test_bad_space_kinds (void)
{
  check_kinds (ST_WIRE_SPACE, 0);
  check_kinds (ST_WIRE_SPACE, G_MAXUINT32);
  check_kinds (ST_WIRE_SPACE, CLONE_NEWNET | CLONE_NEWUSER);
  check_kinds (ST_WIRE_SPACE, CLONE_NEWNET | CLONE_VM);
}

/* SPCR-15, SPCR-16: the answer says which was refused. */
static void
test_forbidden (void)
{
  Helper helper;
  if (!test_needs_no_privilege ())
    return;
  helper_start (&helper, -1);
  Request request;
  StWireMessage answer;
  Subspace subspace;
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = CLONE_NEWNET | CLONE_NEWUTS;
  g_assert_true (request_do (&request, helper.connection, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_CREATE, CLONE_NEWNET, EPERM);
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = TIME;
  g_assert_true (request_do (&request, helper.connection, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_CREATE, TIME, EPERM);
  subspace_begin (&subspace, &request, CLONE_NEWPID);
  subspace_send (&request, helper.connection);
  g_assert_false (subspace_finish (&subspace, &request, &answer));
  g_assert_cmpint (answer.record.failed.error, ==, EPERM);
  g_assert_cmpint (answer.record.failed.step, ==, ST_WIRE_STEP_CREATE);
  helper_stop (&helper);
}

/* Answers come for whom they are, in whatever order they are read; some are not waited for at all. */
static void
test_many_in_flight (void)
{
  enum { N = 60 };
  Maker maker;
  Request requests[N];
  maker_start (&maker);
  for (int i = 0; i < N; i++)
    {
      request_begin (&requests[i], ST_WIRE_SPACE);
      requests[i].message.record.space.kinds = CLONE_NEWUTS;
      if (i % 3 == 0)
        close (requests[i].answer);
      request_send (&requests[i], maker.connection);
    }
  for (int i = N - 1; i >= 0; i--)
    if (i % 3 != 0)
      {
        StWireMessage answer;
        g_assert_true (request_finish (&requests[i], &answer));
        answer_assert_done (&answer, CLONE_NEWUTS, 1);
        st_wire_close_fds (&answer);
      }
  maker_stop (&maker);
}

static void
test_descriptors (void)
{
  Maker maker;
  int fds[ST_N_KINDS];
  maker_start (&maker);
  for (int i = 0; i < 1000; i++)
    {
      StWireMessage answer;
      g_assert_cmpint (space_make (maker.connection, CLONE_NEWUTS | TIME, fds), ==, 0);
      fds_close (fds, 2);
      int made = socket_make (maker.connection, 0, AF_UNIX, &answer);
      g_assert_cmpint (made, ==, -1);
    }
  wait_for_fds (maker.pid, maker.n_fds);
  maker_stop (&maker);
}

/* SPCR-10: what a terminal sends is not for the helper, what ends everything is. */
static void
test_ended_by_signal (void)
{
  Helper helper;
  helper_start (&helper, -1);
  helper_assert_alive (&helper); /* so it is ready */
  for (int number = SIGHUP; number < SIGSYS; number++)
    if (number != SIGKILL && number != SIGSTOP && number != SIGTERM)
      g_assert_no_errno (kill (helper.pid, number));
  helper_assert_alive (&helper);
  g_assert_no_errno (kill (helper.pid, SIGTERM));
  helper_reap (&helper);
}

/* SPCR-11 */
static void
test_ended_by_client (void)
{
  Helper helper;
  helper_start (&helper, -1);
  helper_stop (&helper);
  helper_start (&helper, -1);
  g_assert_no_errno (shutdown (helper.connection, SHUT_WR));
  helper_reap (&helper);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  st_system_thread_pidfd (); /* stays */
  test_add ("/helper/SPCR-10/ended-by-signal", test_ended_by_signal);
  test_add ("/helper/SPCR-11/ended-by-client", test_ended_by_client);
  test_add ("/helper/SPCR-12/bad-subspace-kinds", test_bad_subspace_kinds);
  test_add ("/helper/SPCR-14/bad-space-kinds", test_bad_space_kinds);
  test_add ("/helper/SPCR-15/SPCR-16/forbidden", test_forbidden);
  test_add ("/helper/descriptors", test_descriptors);
  test_add ("/helper/loopback-down", test_loopback_down);
  test_add ("/helper/many-in-flight", test_many_in_flight);
  test_add ("/helper/socket", test_socket);
  test_add ("/helper/tap", test_tap);
  test_add ("/helper/socket-here", test_socket_here);
  test_add ("/helper/space", test_space);
  return g_test_run ();
}
