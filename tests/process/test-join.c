/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* A process that goes into a set of namespaces, and the helper program that does it in its first words. */
#include "process-support.h"

#include "st-join.h"
#include "st-system.h"
#include "st-wire.h"

#include <errno.h>
#include <fcntl.h>

static void
open_all (int *fds,
          int  pid)
{
  ST_FOREACH_KIND (kind)
    {
      g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", pid, kind->proc_entry);
      fds[kind->index] = open (path, O_RDONLY | O_CLOEXEC);
      g_assert_no_errno (fds[kind->index]);
    }
}

/* There is nothing to do, so it is allowed to everybody. */
static void
join_own (gpointer data)
{
  int fds[ST_N_KINDS];
  StJoin join;
  open_all (fds, getpid ());
  g_assert_cmpint (st_join_plan (&join, fds), ==, 0);
  g_assert_cmpuint (join.kinds, ==, 0);
  g_assert_false (join.takes_child);
  g_assert_cmpint (st_join_enter (&join), ==, 0);
  g_assert_cmpint (st_join_get_user (&join), ==, -1);
  st_join_clear (&join);
}

static void
test_own (void)
{
  test_in_child (join_own, NULL);
}

static void
join_container (gpointer data)
{
  const int pid = *(int *) data;
  int fds[ST_N_KINDS];
  StJoin join;
  open_all (fds, pid);
  g_assert_cmpint (st_join_plan (&join, fds), ==, 0);
  g_assert_cmpuint (join.kinds, ==, ALL_KINDS);
  g_assert_true (join.takes_child);
  g_assert_cmpint (st_join_enter (&join), ==, 0);
  g_assert_cmpint (st_join_get_user (&join), ==, fds[ST_KIND_USER]);
  g_assert_cmpint (st_join_become_root (), ==, 0);
  g_assert_cmpint (getuid (), ==, 0);
  g_assert_cmpint (getgid (), ==, 0);
}

static void
test_container (void)
{
  Container container;
  container_start_full (&container);
  test_in_child (join_container, &container.pid);
  container_stop (&container);
}

/* Of what is refused, the first one is named, and who has been there already is not asked again. */
static void
join_forbidden (gpointer data)
{
  const int pid = *(int *) data;
  int fds[ST_N_KINDS], own[ST_N_KINDS];
  StJoin join;
  open_all (fds, pid);
  open_all (own, getpid ());
  for (gsize i = 0; i < ST_N_KINDS; i++)
    if (i != ST_KIND_NET)
      fds[i] = own[i];
  test_drop_capabilities ();
  g_assert_cmpint (st_join_plan (&join, fds), ==, 0);
  g_assert_cmpuint (join.kinds, ==, ST_NAMESPACE_NET);
  g_assert_cmpint (st_join_enter (&join), ==, -EPERM);
  g_assert_cmpuint (join.failed, ==, ST_NAMESPACE_NET);
}

static void
test_forbidden (void)
{
  Container container;
  container_start_full (&container);
  test_in_child (join_forbidden, &container.pid);
  container_stop (&container);
}

static void
join_nonsense (gpointer data)
{
  int fds[ST_N_KINDS] = { -1, -1, -1, -1, -1, -1, -1, -1 };
  StJoin join;
  fds[ST_KIND_UTS] = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (st_join_plan (&join, fds), ==, 0);
  g_assert_cmpint (st_join_enter (&join), <, 0);
  g_assert_cmpuint (join.failed, ==, ST_NAMESPACE_UTS);
}

static void
test_nonsense (void)
{
  test_in_child (join_nonsense, NULL);
}

static int
run_helper (const char *const *arguments,
            int                answer,
            gboolean           has_path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *program = g_build_filename (g_getenv ("SPACETEST_LIBEXECDIR"), "spacetest-helper", NULL);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  if (!has_path)
    g_subprocess_launcher_unsetenv (launcher, "PATH");
  g_ptr_array_add (argv, program);
  for (; *arguments; arguments++)
    g_ptr_array_add (argv, (gpointer) *arguments);
  g_ptr_array_add (argv, NULL);
  if (answer >= 0)
    g_subprocess_launcher_take_fd (launcher, answer, 7);
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  g_assert_true (g_subprocess_get_if_exited (process));
  return g_subprocess_get_exit_status (process);
}

static void
test_command_lines (void)
{
  static const char *const lines[][7] = {
    { "join", NULL },
    { "join", "7", NULL },
    { "join", "7", "--", NULL },
    { "join", "7", "true", NULL },
    { "join", "7", "--no-such-option", "--", "true", NULL },
    { "join", "8", "--", "true", NULL },
    { "join", "7", "--program=8", "--", "true", NULL },
    { "join", "7", "--program=1", "--", "true", NULL },
    { "join", "1", "--", "true", NULL },
    { "join", "-1", "--", "true", NULL },
    { "join", "seven", "--", "true", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      int sockets[2];
      g_assert_cmpint (st_wire_pair (sockets), ==, 0);
      g_assert_cmpint (run_helper (lines[i], sockets[1], TRUE), ==, 2);
      close (sockets[0]);
    }
}

typedef enum
{
  SAY_NOTHING,
  SAY_RUBBISH,
  SAY_OTHER_REQUEST,
  SAY_OTHER_VERSION,
  SAY_NO_NAMESPACE,
  SAY_END,
} Say;

static void
say (int socket,
     Say what)
{
  StWireMessage message;
  st_wire_begin (&message, what == SAY_OTHER_REQUEST ? ST_WIRE_DONE : ST_WIRE_JOIN, 5);
  if (what == SAY_RUBBISH)
    memset (&message.record, 'x', sizeof message.record.join);
  if (what == SAY_RUBBISH)
    message.record.header.size = sizeof message.record.join;
  if (what == SAY_OTHER_VERSION)
    message.record.header.version++;
  if (what == SAY_NO_NAMESPACE)
    {
      message.record.join.kinds = ST_NAMESPACE_NET;
      st_wire_add_fd (&message, STDIN_FILENO);
    }
  if (what != SAY_NOTHING)
    g_assert_cmpint (st_wire_send (socket, &message), ==, 0);
}

/* It says what is wrong, if there is somebody to say it to, and runs nothing. */
static void
test_orders (void)
{
  static const char *const line[] = { "join", "7", "--", "true", NULL };
  for (Say what = SAY_NOTHING; what < SAY_END; what++)
    {
      int sockets[2];
      StWireMessage answer;
      g_assert_cmpint (st_wire_pair (sockets), ==, 0);
      say (sockets[0], what);
      if (what == SAY_NOTHING)
        close (sockets[0]);
      g_assert_cmpint (run_helper (line, sockets[1], TRUE), ==, 127);
      if (what == SAY_NOTHING)
        continue;
      g_assert_cmpint (st_wire_receive (sockets[0], &answer), ==, 1);
      g_assert_cmpint (answer.record.header.type, ==, ST_WIRE_FAILED);
      g_assert_cmpint (answer.record.failed.error, >, 0);
      close (sockets[0]);
    }
}

/* Programs are where they always are. */
static void
test_no_path (void)
{
  static const char *const line[] = { "join", "7", "--", "true", NULL };
  int sockets[2];
  StWireMessage order, answer;
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  st_wire_begin (&order, ST_WIRE_JOIN, 5);
  g_assert_cmpint (st_wire_send (sockets[0], &order), ==, 0);
  g_assert_cmpint (run_helper (line, sockets[1], FALSE), ==, 0);
  g_assert_cmpint (st_wire_receive (sockets[0], &answer), ==, 1);
  g_assert_cmpint (answer.record.header.type, ==, ST_WIRE_DONE);
  close (sockets[0]);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/join/own", test_own);
  test_add ("/join/container", test_container);
  test_add ("/join/forbidden", test_forbidden);
  test_add ("/join/nonsense", test_nonsense);
  test_add ("/join/command-lines", test_command_lines);
  test_add ("/join/no-path", test_no_path);
  test_add ("/join/orders", test_orders);
  return g_test_run ();
}
