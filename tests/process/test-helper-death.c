/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"
#include "support.h"

#include "st-kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME 0x80
#define LEVELS 3
#define ROUNDS 40

/* All helpers have the same pipe as their standard output: who is alive holds it open. */
typedef struct
{
  Helper helper;
  int output;
  Subspace levels[LEVELS];
} Tree;

static void
tree_start_root (Tree *tree)
{
  int ends[2];
  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  helper_start (&tree->helper, ends[1]);
  close (ends[1]);
  tree->output = ends[0];
}

static void
tree_start (Tree  *tree,
            guint  kinds)
{
  tree_start_root (tree);
  for (int i = 0; i < LEVELS; i++)
    subspace_make (&tree->levels[i], i == 0 ? tree->helper.connection : tree->levels[i - 1].connection,
                   i == 0 ? kinds | CLONE_NEWUSER : kinds);
}

static void
tree_assert_gone (Tree *tree)
{
  wait_for_end_of_file (tree->output);
  close (tree->output);
}

static void
tree_close (Tree *tree)
{
  for (int i = 0; i < LEVELS; i++)
    subspace_close (&tree->levels[i]);
}

static gboolean
is_alive (Subspace *subspace)
{
  int fds[1];
  if (space_make (subspace->connection, CLONE_NEWUTS, fds) != 0)
    return FALSE;
  close (fds[0]);
  return TRUE;
}

/* With a PID namespace of its own at each level, and without any: where nobody else ends what is below. */
static const guint ways[] = { CLONE_NEWPID, CLONE_NEWUSER };

static void
test_root_killed (void)
{
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    {
      Tree tree;
      tree_start (&tree, ways[way]);
      helper_kill (&tree.helper);
      tree_assert_gone (&tree);
      tree_close (&tree);
    }
}

static void
test_middle_killed (void)
{
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    {
      Tree tree;
      tree_start (&tree, ways[way]);
      g_assert_no_errno (kill (tree.levels[1].pid, SIGKILL));
      wait_until_gone (tree.levels[1].pidfd);
      wait_until_gone (tree.levels[2].pidfd);
      g_assert_true (is_alive (&tree.levels[0]));
      tree_close (&tree);
      helper_stop (&tree.helper);
      tree_assert_gone (&tree);
    }
}

/* The connections of those below are still open: it is their parent's end that ends them. */
static void
test_middle_closed (void)
{
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    {
      Tree tree;
      tree_start (&tree, ways[way]);
      g_assert_no_errno (shutdown (tree.levels[1].connection, SHUT_RDWR));
      wait_until_gone (tree.levels[2].pidfd);
      wait_until_gone (tree.levels[1].pidfd);
      g_assert_true (is_alive (&tree.levels[0]));
      tree_close (&tree);
      helper_stop (&tree.helper);
      tree_assert_gone (&tree);
    }
}

static void
test_stopped (void)
{
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    for (int i = 0; i < LEVELS; i++)
      {
        Tree tree;
        tree_start (&tree, ways[way]);
        g_assert_no_errno (kill (tree.levels[i].pid, SIGSTOP));
        if (i % 2)
          helper_kill (&tree.helper);
        else
          helper_stop (&tree.helper);
        tree_assert_gone (&tree);
        tree_close (&tree);
      }
}

/* In a child that is then killed, so that all of its descriptors are closed at once. */
static void
be_client (int      report,
           gboolean stops_helper)
{
  Tree tree;
  int result;
  tree_start (&tree, CLONE_NEWPID);
  result = tree.output; /* keeps reading, as a living client would */
  if (stops_helper)
    {
      g_assert_no_errno (kill (tree.helper.pid, SIGSTOP));
      g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (tree.helper.pid, NULL, WUNTRACED)), ==, tree.helper.pid);
    }
  if (write (report, &result, sizeof result) == sizeof result)
    for (;;)
      pause ();
}

static void
kill_client (gboolean stops_helper)
{
  int ends[2], ready;
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  int output[2];
  g_assert_true (g_unix_open_pipe (output, FD_CLOEXEC, NULL));
  pid_t client = fork ();
  g_assert_cmpint (client, >=, 0);
  if (client == 0)
    {
      dup2 (output[1], STDERR_FILENO); /* all helpers have it */
      close (output[0]);
      close (output[1]);
      be_client (ends[1], stops_helper);
      _exit (EXIT_FAILURE);
    }
  close (output[1]);
  close (ends[1]);
  g_assert_cmpint (TEMP_FAILURE_RETRY (read (ends[0], &ready, sizeof ready)), ==, sizeof ready);
  close (ends[0]);
  g_assert_no_errno (kill (client, SIGKILL));
  wait_for_end_of_file (output[0]);
  close (output[0]);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (client, NULL, 0)), ==, client);
}

static void
test_client_killed (void)
{
  kill_client (FALSE);
}

/* Nobody is there any more to continue it. */
static void
test_client_killed_with_stopped_helper (void)
{
  kill_client (TRUE);
}

/* As Python's multiprocessing does it: a child that is forked without exec, and has all that its parent had. */
static void
be_client_with_child (int report)
{
  Tree tree;
  tree_start (&tree, CLONE_NEWUSER);
  const pid_t child = fork ();
  if (child == 0)
    {
      close (STDERR_FILENO);
      for (;;)
        pause ();
    }
  if (write (report, &child, sizeof child) == sizeof child)
    for (;;)
      pause ();
}

/* A copy of the connection keeps nobody alive. */
static void
test_client_killed_with_child (void)
{
  int ends[2], output[2];
  pid_t child;
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_open_pipe (output, FD_CLOEXEC, NULL));
  pid_t client = fork ();
  g_assert_cmpint (client, >=, 0);
  if (client == 0)
    {
      dup2 (output[1], STDERR_FILENO); /* all helpers have it */
      close (output[0]);
      close (output[1]);
      be_client_with_child (ends[1]);
      _exit (EXIT_FAILURE);
    }
  close (output[1]);
  close (ends[1]);
  g_assert_cmpint (TEMP_FAILURE_RETRY (read (ends[0], &child, sizeof child)), ==, sizeof child);
  close (ends[0]);
  g_assert_no_errno (kill (client, SIGKILL));
  wait_for_end_of_file (output[0]);
  close (output[0]);
  g_assert_no_errno (kill (child, 0));
  g_assert_no_errno (kill (child, SIGKILL));
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (client, NULL, 0)), ==, client);
}

/* Whoever makes the connection starts the helper, and is there no more. */
static void
test_client_gone_before (void)
{
  int sockets[2], status;
  g_autofree char *program = g_build_filename (g_getenv ("SPACETEST_LIBEXECDIR"), "spacetest-helper", NULL);
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  pid_t starter = fork (); /* not who made the connection */
  g_assert_cmpint (starter, >=, 0);
  if (starter == 0)
    {
      g_autofree char *number = g_strdup_printf ("%d", dup (sockets[1]));
      pid_t helper = fork ();
      if (helper == 0)
        {
          execl (program, program, "serve", number, NULL);
          _exit (EXIT_FAILURE);
        }
      _exit (waitpid (helper, &status, 0) != helper || status != 0);
    }
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (starter, &status, 0)), ==, starter);
  g_assert_cmpint (status, ==, 0);
  close (sockets[0]);
  close (sockets[1]);
}

static void
spend (int amount)
{
  for (int i = 0; i < amount; i++)
    sched_yield ();
}

/* Killed in the middle of it, at moments that differ: ids not mapped, /proc not mounted, answer not sent. */
static void
kill_while_making (gboolean is_middle)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      Tree tree;
      Request requests[LEVELS];
      Subspace made[LEVELS], middle;
      StWireMessage answer;
      tree_start_root (&tree);
      if (is_middle)
        subspace_make (&middle, tree.helper.connection, SUBSPACE_ALL);
      for (int i = 0; i < LEVELS; i++)
        {
          subspace_begin (&made[i], &requests[i], SUBSPACE_ALL);
          subspace_send (&requests[i], is_middle ? middle.connection : tree.helper.connection);
        }
      spend (round * 20);
      if (is_middle)
        g_assert_no_errno (kill (middle.pid, SIGKILL));
      else
        helper_kill (&tree.helper);
      for (int i = 0; i < LEVELS; i++)
        if (subspace_finish (&made[i], &requests[i], &answer))
          {
            wait_until_gone (made[i].pidfd);
            subspace_close (&made[i]);
          }
      if (is_middle)
        {
          subspace_close (&middle);
          helper_stop (&tree.helper);
        }
      tree_assert_gone (&tree);
    }
}

static void
test_killed_while_making (void)
{
  kill_while_making (FALSE);
  kill_while_making (TRUE);
}

/* The client gives everything up at once. */
static void
test_closed_while_making (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      Tree tree;
      Request request;
      Subspace made;
      tree_start_root (&tree);
      for (int i = 0; i < LEVELS; i++)
        {
          subspace_begin (&made, &request, SUBSPACE_ALL);
          subspace_send (&request, tree.helper.connection);
          spend (round);
          close (request.answer);
          close (made.connection);
        }
      helper_stop (&tree.helper);
      tree_assert_gone (&tree);
    }
}

static void
wait_for_no_children (GPid pid)
{
  g_autofree char *name = g_strdup_printf ("task/%d/children", pid);
  g_autofree char *children = read_proc (pid, name);
  const gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  g_assert_nonnull (children);
  while (*children && g_get_monotonic_time () < deadline)
    {
      sched_yield ();
      g_free (children);
      children = read_proc (pid, name);
    }
  g_assert_cmpstr (children, ==, "");
}

static void
test_no_zombies (void)
{
  Helper helper;
  helper_start (&helper, -1);
  for (int i = 0; i < ROUNDS; i++)
    {
      Subspace subspace;
      subspace_make (&subspace, helper.connection, SUBSPACE_ALL);
      subspace_close (&subspace);
    }
  wait_for_no_children (helper.pid);
  wait_for_fds (helper.pid, HELPER_FDS);
  helper_stop (&helper);
}

/* Leaves a process without a parent in the PID namespace, which then ends. */
static void
leave_orphan (gpointer data)
{
  const Subspace *subspace = data;
  g_assert_no_errno (setns (subspace->fds[ST_KIND_USER], CLONE_NEWUSER));
  g_assert_no_errno (setns (subspace->fds[ST_KIND_PID], CLONE_NEWPID));
  pid_t parent = fork ();
  g_assert_cmpint (parent, >=, 0);
  if (parent == 0)
    {
      pid_t orphan = fork ();
      if (orphan == 0)
        while (getppid () != 1)
          sched_yield ();
      _exit (orphan < 0);
    }
  int status;
  g_assert_cmpint (waitpid (parent, &status, 0), ==, parent);
  g_assert_cmpint (status, ==, 0);
}

static void
test_orphans (void)
{
  Helper helper;
  Subspace subspace;
  helper_start (&helper, -1);
  subspace_make (&subspace, helper.connection, CLONE_NEWUSER | CLONE_NEWPID);
  for (int i = 0; i < 5; i++)
    test_in_child (leave_orphan, &subspace);
  wait_for_no_children (subspace.pid);
  g_assert_true (is_alive (&subspace));
  subspace_close (&subspace);
  helper_stop (&helper);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/helper-death/client-gone-before", test_client_gone_before);
  test_add ("/helper-death/client-killed", test_client_killed);
  test_add ("/helper-death/client-killed-with-child", test_client_killed_with_child);
  test_add ("/helper-death/client-killed-with-stopped-helper", test_client_killed_with_stopped_helper);
  test_add ("/helper-death/closed-while-making", test_closed_while_making);
  test_add ("/helper-death/killed-while-making", test_killed_while_making);
  test_add ("/helper-death/middle-closed", test_middle_closed);
  test_add ("/helper-death/middle-killed", test_middle_killed);
  test_add ("/helper-death/no-zombies", test_no_zombies);
  test_add ("/helper-death/orphans", test_orphans);
  test_add ("/helper-death/root-killed", test_root_killed);
  test_add ("/helper-death/stopped", test_stopped);
  return g_test_run ();
}
