/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"
#include "support.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#define TIME 0x80
#define SIX (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | TIME | CLONE_NEWUTS)
#define MOST_FDS 30

static struct rlimit
set_limit (GPid                  pid,
           __rlimit_resource_t   resource,
           rlim_t                limit)
{
  struct rlimit before, now;
  g_assert_no_errno (prlimit (pid, resource, NULL, &before));
  now = before;
  now.rlim_cur = limit;
  g_assert_no_errno (prlimit (pid, resource, &now, NULL));
  return before;
}

static void
restore_limit (GPid                 pid,
               __rlimit_resource_t  resource,
               const struct rlimit *limit)
{
  g_assert_no_errno (prlimit (pid, resource, limit, NULL));
}

/* The answer is that there are none left, or there was no room even for the socket to answer to. Who has few may not have many
 * under way either, all processes of the user taken together. */
static void
assert_scarce (StWireMessage *answer)
{
  g_assert_cmpint (answer->record.header.type, ==, ST_WIRE_FAILED);
  g_assert_true (answer->record.failed.error == EMFILE || answer->record.failed.error == ETOOMANYREFS);
}

static gboolean
try_space (Maker *maker)
{
  Request request;
  StWireMessage answer;
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = SIX;
  request.message.record.space.loopback_up = 1;
  if (!request_do (&request, maker->connection, &answer))
    return FALSE;
  if (answer.record.header.type == ST_WIRE_DONE)
    {
      st_wire_close_fds (&answer);
      return TRUE;
    }
  assert_scarce (&answer);
  return FALSE;
}

static gboolean
try_subspace (Maker *maker)
{
  Request request;
  StWireMessage answer = { 0 };
  Subspace subspace;
  subspace_begin (&subspace, &request, SUBSPACE_ALL);
  subspace_send (&request, maker->connection);
  if (subspace_finish (&subspace, &request, &answer))
    {
      subspace_close (&subspace);
      return TRUE;
    }
  if (answer.record.header.type != 0)
    assert_scarce (&answer);
  return FALSE;
}

/* With each number of descriptors from none spare to enough. Whatever it was, it goes on, and nothing is left. */
static void
check_descriptors (gboolean (*try) (Maker *maker))
{
  Maker maker;
  maker_start (&maker);
  gboolean done = FALSE;
  wait_for_fds (maker.pid, maker.n_fds);
  const struct rlimit before = set_limit (maker.pid, RLIMIT_NOFILE, maker.n_fds);
  g_assert_false (try (&maker));
  for (gsize limit = maker.n_fds; limit < MOST_FDS; limit++)
    {
      set_limit (maker.pid, RLIMIT_NOFILE, limit);
      done = try (&maker);
      wait_for_fds (maker.pid, maker.n_fds);
    }
  g_assert_true (done);
  restore_limit (maker.pid, RLIMIT_NOFILE, &before);
  g_assert_true (try (&maker));
  maker_stop (&maker);
}

static void
test_descriptors (void)
{
  check_descriptors (try_space);
  check_descriptors (try_subspace);
}

/* The kernel lets no process of this user start another one. */
static void
test_processes (void)
{
  Helper helper;
  Request request;
  StWireMessage answer;
  Subspace subspace;
  if (test_is_real_root ())
    {
      g_test_skip ("the kernel does not limit root");
      return;
    }
  helper_start (&helper, -1);
  const struct rlimit before = set_limit (helper.pid, RLIMIT_NPROC, 1);
  subspace_begin (&subspace, &request, SUBSPACE_ALL);
  subspace_send (&request, helper.connection);
  g_assert_false (subspace_finish (&subspace, &request, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_FORK, 0, EAGAIN);
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = TIME;
  g_assert_true (request_do (&request, helper.connection, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_FORK, 0, EAGAIN);
  restore_limit (helper.pid, RLIMIT_NPROC, &before);
  subspace_make (&subspace, helper.connection, SUBSPACE_ALL);
  subspace_close (&subspace);
  helper_stop (&helper);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/helper-limits/descriptors", test_descriptors);
  test_add ("/helper-limits/processes", test_processes);
  return g_test_run ();
}
