/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"
#include "support.h"

#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME 0x80
#define LEVELS 5
#define MANY 40 /* more levels than the kernel has for PID (32) and user (33) namespaces */

static gboolean
is_same_namespace (int a,
                   int b)
{
  StIdentity first, second;
  g_assert_cmpint (st_system_identify (a, &first), ==, 0);
  g_assert_cmpint (st_system_identify (b, &second), ==, 0);
  return st_system_is_same (&first, &second);
}

static void
assert_parent (int child,
               int parent)
{
  int actual = st_system_open_parent (child);
  g_assert_cmpint (actual, >=, 0);
  g_assert_true (is_same_namespace (actual, parent));
  close (actual);
}

/* SPCR-05: what is made inside is owned by the inner user namespace. */
static void
assert_owner (Subspace *subspace)
{
  int network, owner;
  g_assert_cmpint (space_make (subspace->connection, CLONE_NEWNET, &network), ==, 0);
  owner = st_system_open_owner (network);
  g_assert_cmpint (owner, >=, 0);
  g_assert_true (is_same_namespace (owner, subspace->fds[ST_KIND_USER]));
  close (owner);
  close (network);
}

static void
test_levels (void)
{
  Helper helper;
  Subspace levels[LEVELS];
  int fds[ST_N_KINDS];
  helper_start (&helper, -1);
  int user = st_system_open_current (&st_kinds[ST_KIND_USER]);
  for (int i = 0; i < LEVELS; i++)
    {
      subspace_make (&levels[i], i == 0 ? helper.connection : levels[i - 1].connection, SUBSPACE_ALL);
      assert_parent (levels[i].fds[ST_KIND_USER], i == 0 ? user : levels[i - 1].fds[ST_KIND_USER]);
      if (i > 0)
        assert_parent (levels[i].fds[ST_KIND_PID], levels[i - 1].fds[ST_KIND_PID]);
    }
  for (int i = LEVELS - 1; i >= 0; i--)
    {
      assert_owner (&levels[i]);
      wait_for_fds (levels[i].pid, SUBSPACE_FDS);
      g_assert_cmpint (space_make (levels[i].connection, CLONE_NEWNS | CLONE_NEWIPC | TIME, fds), ==, 0);
      fds_close (fds, 3);
    }
  close (user);
  for (int i = 0; i < LEVELS; i++)
    subspace_close (&levels[i]);
  helper_stop (&helper);
}

/* All kinds made on the way down are told, whatever the last one adds. */
static void
test_inherited_kinds (void)
{
  Helper helper;
  Subspace outer, inner;
  helper_start (&helper, -1);
  subspace_make (&outer, helper.connection, CLONE_NEWUSER | CLONE_NEWPID);
  subspace_make (&inner, outer.connection, TIME);
  g_assert_cmpint (outer.fds[ST_KIND_TIME], <, 0);
  g_assert_cmpint (inner.fds[ST_KIND_TIME], >=, 0);
  g_assert_true (is_same_namespace (outer.fds[ST_KIND_USER], inner.fds[ST_KIND_USER]));
  g_assert_true (is_same_namespace (outer.fds[ST_KIND_PID], inner.fds[ST_KIND_PID]));
  g_assert_true (is_same_namespace (outer.fds[ST_KIND_MNT], inner.fds[ST_KIND_MNT]));
  g_assert_cmpint (inner.pid, !=, outer.pid);
  subspace_close (&inner);
  subspace_close (&outer);
  helper_stop (&helper);
}

static void
check_map (StWireMap map)
{
  Helper helper;
  Subspace subspace;
  Request request;
  StWireMessage answer;
  guint inside, outside, length;
  helper_start (&helper, -1);
  subspace_begin (&subspace, &request, CLONE_NEWUSER);
  request.message.record.subspace.map = map;
  subspace_send (&request, helper.connection);
  g_assert_true (subspace_finish (&subspace, &request, &answer));
  g_autofree char *uids = read_proc (subspace.pid, "uid_map");
  g_autofree char *gids = read_proc (subspace.pid, "gid_map");
  g_autofree char *setgroups = read_proc (subspace.pid, "setgroups");
  g_assert_cmpint (sscanf (uids, "%u %u %u", &inside, &outside, &length), ==, 3);
  g_assert_cmpuint (inside, ==, map == ST_WIRE_MAP_SELF ? geteuid () : 0);
  g_assert_cmpuint (outside, ==, geteuid ());
  g_assert_cmpuint (length, ==, 1);
  g_assert_cmpint (sscanf (gids, "%u %u %u", &inside, &outside, &length), ==, 3);
  g_assert_cmpuint (inside, ==, map == ST_WIRE_MAP_SELF ? getegid () : 0);
  g_assert_cmpuint (outside, ==, getegid ());
  g_assert_cmpstr (setgroups, ==, "deny\n");
  subspace_close (&subspace);
  helper_stop (&helper);
}

static void
test_map (void)
{
  check_map (ST_WIRE_MAP_ROOT);
  check_map (ST_WIRE_MAP_SELF);
}

/* SPCR-18: without privilege, but with the own id mapped, namespaces can be made inside; however often it is mapped. */
static void
test_map_in_map (void)
{
  Helper helper;
  Subspace outer, inner;
  int network;
  helper_start (&helper, -1);
  subspace_make (&outer, helper.connection, CLONE_NEWUSER);
  subspace_make (&inner, outer.connection, CLONE_NEWUSER);
  g_assert_cmpint (space_make (inner.connection, CLONE_NEWNET, &network), ==, 0);
  close (network);
  subspace_close (&inner);
  subspace_close (&outer);
  helper_stop (&helper);
}

static gboolean
make_with_offsets (Subspace      *subspace,
                   int            connection,
                   gint64         monotonic,
                   gint64         boottime,
                   StWireMessage *answer)
{
  Request request;
  subspace_begin (subspace, &request, CLONE_NEWUSER | TIME);
  request.message.record.subspace.monotonic_offset = monotonic;
  request.message.record.subspace.boottime_offset = boottime;
  subspace_send (&request, connection);
  return subspace_finish (subspace, &request, answer);
}

static void
assert_offsets (Subspace *subspace,
                gint64    monotonic,
                long      monotonic_rest,
                gint64    boottime,
                long      boottime_rest)
{
  long long seconds;
  long rest;
  g_autofree char *text = read_proc (subspace->pid, "timens_offsets");
  g_assert_cmpint (sscanf (text, "monotonic %lld %ld", &seconds, &rest), ==, 2);
  g_assert_cmpint (seconds, ==, monotonic);
  g_assert_cmpint (rest, ==, monotonic_rest);
  g_assert_cmpint (sscanf (strstr (text, "boottime"), "boottime %lld %ld", &seconds, &rest), ==, 2);
  g_assert_cmpint (seconds, ==, boottime);
  g_assert_cmpint (rest, ==, boottime_rest);
}

/* Those of a nested one are against the clocks it is made under. */
static void
test_offsets (void)
{
  Helper helper;
  Subspace first, second, third;
  StWireMessage answer;
  helper_start (&helper, -1);
  g_assert_true (make_with_offsets (&first, helper.connection, 5 * G_GINT64_CONSTANT (1000000000) + 999999999, -1, &answer));
  assert_offsets (&first, 5, 999999999, -1, 999999999);
  g_assert_true (make_with_offsets (&second, first.connection, 1, -G_GINT64_CONSTANT (1999999999), &answer));
  assert_offsets (&second, 6, 0, -2, 0);
  g_assert_true (make_with_offsets (&third, second.connection, 0, 0, &answer));
  assert_offsets (&third, 6, 0, -2, 0);
  subspace_close (&third);
  subspace_close (&second);
  subspace_close (&first);
  helper_stop (&helper);
}

static void
test_bad_offsets (void)
{
  Helper helper;
  Subspace subspace;
  Request request;
  StWireMessage answer;
  helper_start (&helper, -1);
  g_assert_false (make_with_offsets (&subspace, helper.connection, G_MININT64, 0, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_OFFSETS, TIME, ERANGE);
  g_assert_false (make_with_offsets (&subspace, helper.connection, G_MAXINT64, 0, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_OFFSETS, TIME, ERANGE);
  subspace_begin (&subspace, &request, CLONE_NEWUSER);
  request.message.record.subspace.boottime_offset = 1;
  subspace_send (&request, helper.connection);
  g_assert_false (subspace_finish (&subspace, &request, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_UNDERSTAND, CLONE_NEWUSER, EINVAL);
  helper_stop (&helper);
}

static void
check_host_name (gpointer data)
{
  const Subspace *subspace = data;
  char name[128];
  g_assert_no_errno (setns (subspace->fds[ST_KIND_USER], CLONE_NEWUSER));
  g_assert_no_errno (setns (subspace->fds[ST_KIND_UTS], CLONE_NEWUTS));
  g_assert_no_errno (gethostname (name, sizeof name));
  g_assert_cmpstr (name, ==, "inside");
}

static void
test_host_name (void)
{
  Helper helper;
  Subspace subspace;
  Request request;
  StWireMessage answer;
  helper_start (&helper, -1);
  subspace_begin (&subspace, &request, CLONE_NEWUSER);
  g_strlcpy (request.message.record.subspace.host_name, "inside", ST_WIRE_HOST_NAME);
  subspace_send (&request, helper.connection);
  g_assert_true (subspace_finish (&subspace, &request, &answer));
  test_in_child (check_host_name, &subspace);
  subspace_close (&subspace);
  helper_stop (&helper);
}

static char *
get_target (GPid pid,
            int  fd)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", pid, fd);
  return g_file_read_link (path, NULL);
}

/* Inherited by those below. */
static void
test_output (void)
{
  Helper helper;
  Subspace outer, inner;
  Request request;
  StWireMessage answer;
  int ends[2];
  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  g_autofree char *expected = get_target (getpid (), ends[1]);
  helper_start (&helper, -1);
  subspace_begin (&outer, &request, CLONE_NEWUSER);
  request.message.record.subspace.has_stdout = 1;
  request.message.record.subspace.has_stderr = 1;
  st_wire_add_fd (&request.message, ends[1]);
  st_wire_add_fd (&request.message, ends[1]);
  subspace_send (&request, helper.connection);
  g_assert_true (subspace_finish (&outer, &request, &answer));
  close (ends[1]);
  subspace_make (&inner, outer.connection, CLONE_NEWPID);
  for (int fd = 1; fd <= 2; fd++)
    {
      g_autofree char *of_outer = get_target (outer.pid, fd);
      g_autofree char *of_inner = get_target (inner.pid, fd);
      g_assert_cmpstr (of_outer, ==, expected);
      g_assert_cmpstr (of_inner, ==, expected);
    }
  subspace_close (&inner);
  subspace_close (&outer);
  wait_for_end_of_file (ends[0]);
  close (ends[0]);
  helper_stop (&helper);
}

static void
test_bad_connection (void)
{
  Helper helper;
  Request request;
  StWireMessage answer;
  helper_start (&helper, -1);
  request_begin (&request, ST_WIRE_SUBSPACE);
  st_wire_add_fd (&request.message, open ("/dev/null", O_RDWR | O_CLOEXEC));
  request.message.record.subspace.kinds = CLONE_NEWUSER;
  subspace_send (&request, helper.connection);
  g_assert_true (request_finish (&request, &answer));
  answer_assert_failed (&answer, ST_WIRE_STEP_UNDERSTAND, CLONE_NEWUSER, ENOTSOCK);
  helper_stop (&helper);
}

/* To where the kernel says that it is enough; the level before goes on. */
static void
check_depth (guint kinds,
             guint refused)
{
  Helper helper;
  Subspace levels[MANY];
  Request request;
  StWireMessage answer;
  int n = 0, network;
  helper_start (&helper, -1);
  do
    {
      subspace_begin (&levels[n], &request, n == 0 ? kinds | CLONE_NEWUSER : kinds);
      subspace_send (&request, n == 0 ? helper.connection : levels[n - 1].connection);
    }
  while (subspace_finish (&levels[n], &request, &answer) && ++n < MANY);
  g_assert_cmpint (n, >=, 25); /* we are in some already */
  g_assert_cmpint (n, <, MANY);
  answer_assert_failed (&answer, ST_WIRE_STEP_CREATE, refused, ENOSPC);
  g_assert_cmpint (space_make (levels[n - 1].connection, CLONE_NEWNET, &network), ==, 0);
  close (network);
  for (int i = 0; i < n; i++)
    close (levels[i].connection);
  for (int i = 0; i < n; i++)
    {
      wait_until_gone (levels[i].pidfd);
      close (levels[i].pidfd);
      fds_close (levels[i].fds, ST_N_KINDS);
    }
  helper_stop (&helper);
}

static void
test_depth (void)
{
  check_depth (CLONE_NEWUSER, CLONE_NEWUSER);
  check_depth (CLONE_NEWPID, CLONE_NEWPID);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  st_system_thread_pidfd (); /* stays */
  test_add ("/helper-subspace/SPCR-05/levels", test_levels);
  test_add ("/helper-subspace/SPCR-18/map-in-map", test_map_in_map);
  test_add ("/helper-subspace/bad-connection", test_bad_connection);
  test_add ("/helper-subspace/bad-offsets", test_bad_offsets);
  test_add ("/helper-subspace/depth", test_depth);
  test_add ("/helper-subspace/host-name", test_host_name);
  test_add ("/helper-subspace/inherited-kinds", test_inherited_kinds);
  test_add ("/helper-subspace/map", test_map);
  test_add ("/helper-subspace/offsets", test_offsets);
  test_add ("/helper-subspace/output", test_output);
  return g_test_run ();
}
