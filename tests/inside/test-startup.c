/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "startup-support.h"

#include "../process/process-support.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* Who may join nothing can make a user namespace, whose other namespaces he may join from inside. */
static int
with_permission (int kinds)
{
  return test_is_privileged () ? kinds : kinds | CLONE_NEWUSER;
}

static void
start_set_permission (Start          *start,
                      const Resident *resident)
{
  if (!test_is_privileged ())
    start_set_path (start, "user", resident);
}

/* GONS-04 */
static void
test_nothing (void)
{
  g_auto (Start) start = { 0 };
  start_init (&start);
  start_run (&start);
  start_assert_fine (&start);
  start_assert_at_home (&start);
  g_assert_cmpstr (start.errors, ==, "");
}

static void
test_own_status (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_startup_get_status (&error));
  g_assert_no_error (error);
  g_assert_true (st_startup_get_status (NULL));
}

static void
check_kind (const char *kind,
            int         flag,
            const char *way)
{
  Resident resident;
  g_auto (Start) start = { 0 };
  g_autofree char *variable = g_strconcat ("spacetest_", kind, NULL);
  g_autofree char *path = NULL;
  g_autofree char *reference = NULL;
  int fd = -1;
  resident_start (&resident, with_permission (flag));
  path = resident_get_path (&resident, kind);
  start_init (&start);
  if (g_str_equal (kind, "pid"))
    start_set (&start, "ASAN_OPTIONS", "detect_leaks=0"); /* which starts a thread */
  start_set_permission (&start, &resident);
  if (g_str_equal (way, "pid"))
    reference = g_strdup_printf ("pid:%d", resident.pid);
  else if (g_str_equal (way, "fd"))
    reference = g_strdup_printf ("fd:%d", fd = open (path, O_RDONLY)); /* inherited */
  else
    reference = g_strdup (path);
  start_set (&start, variable, reference);
  start_run (&start);
  if (fd >= 0)
    close (fd);
  start_assert_fine (&start);

  if (g_str_equal (kind, "pid"))
    {
      g_autofree char *own = test_where ("pid");
      g_autofree char *there = resident_where (&resident, "pid");
      start_assert (&start, "pid", own);
      start_assert (&start, "pid_for_children", there);
      start_assert (&start, "child-pid", there);
    }
  else
    start_assert_joined (&start, kind, &resident);
  if (g_str_equal (kind, "time"))
    {
      g_autofree char *there = resident_where (&resident, "time");
      start_assert (&start, "child-time", there);
    }
  resident_stop (&resident);
}

/* GONS-05: each kind, each way to say which. */
static void
test_kinds (void)
{
  static const struct
  {
    const char *name;
    int flag;
  } kinds[] = {
    { "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "mnt", CLONE_NEWNS },   { "net", CLONE_NEWNET },
    { "pid", CLONE_NEWPID },       { "user", CLONE_NEWUSER }, { "uts", CLONE_NEWUTS },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      check_kind (kinds[i].name, kinds[i].flag, "path");
      check_kind (kinds[i].name, kinds[i].flag, "pid");
      check_kind (kinds[i].name, kinds[i].flag, "fd");
    }
  check_kind ("time", CLONE_NEWTIME, "path"); /* the resident itself is not in it */
  check_kind ("time", CLONE_NEWTIME, "fd");
}

/* All eight at once, of a process: time too, which only that process's children are in for whoever makes it. */
static void
check_all (const char *order)
{
  static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
  Container container;
  g_auto (Start) start = { 0 };
  container_start_full (&container);
  start_init (&start);
  start_set (&start, "ASAN_OPTIONS", "detect_leaks=0"); /* which starts a thread */
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *variable = g_strconcat ("spacetest_", kinds[i], NULL);
      g_autofree char *reference = g_strdup_printf ("pid:%d", container.pid);
      start_set (&start, variable, reference);
    }
  if (order)
    start_set (&start, "spacetest_order", order);
  start_run (&start);
  start_assert (&start, "status", "fine");
  start_assert (&start, "left", NULL);
  start_assert (&start, "ids", "0 0");
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *what = g_strconcat ("child-", kinds[i], NULL); /* the /proc there has no place for the program itself */
      g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", container.pid, kinds[i]);
      g_autofree char *there = g_file_read_link (path, NULL);
      start_assert (&start, what, there);
    }
  container_stop (&container);
}

static void
test_all (void)
{
  check_all (NULL);
  check_all ("!user,!time,!pid,!uts,!net,!ipc,!cgroup,!mnt");
}

/* GONS-02, and the default order takes permissions from where they come from. */
static void
check_user_mnt_net (const char *order)
{
  Resident resident;
  g_auto (Start) start = { 0 };
  resident_start (&resident, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET);
  start_init (&start);
  start_set_path (&start, "user", &resident);
  start_set_path (&start, "mnt", &resident);
  start_set_path (&start, "net", &resident);
  if (order)
    start_set (&start, "spacetest_order", order);
  start_run (&start);
  start_assert_fine (&start);
  start_assert_joined (&start, "user", &resident);
  start_assert_joined (&start, "mnt", &resident);
  start_assert_joined (&start, "net", &resident);
  g_autofree char *own_uts = test_where ("uts");
  start_assert (&start, "uts", own_uts);
  start_assert (&start, "ids", "0 0");
  start_assert (&start, "cwd", "/");
  resident_stop (&resident);
}

static void
test_three (void)
{
  check_user_mnt_net ("!user,!mnt,!net");
  check_user_mnt_net ("!user,!mnt,net");
  check_user_mnt_net ("user,!net,!mnt,!uts");
  check_user_mnt_net (NULL);
}

/* The user namespace first would lose what it takes for a network that it does not own. */
static void
test_user_last (void)
{
  Resident in_user, in_net;
  g_auto (Start) start = { 0 };
  g_auto (Start) other = { 0 };
  if (!test_needs_privilege ())
    return;
  resident_start (&in_user, CLONE_NEWUSER | CLONE_NEWUTS);
  resident_start (&in_net, CLONE_NEWNET);
  start_init (&start);
  start_set_path (&start, "net", &in_net);
  start_set_path (&start, "user", &in_user);
  start_set_path (&start, "uts", &in_user);
  start_run (&start);
  start_assert_fine (&start);
  start_assert_joined (&start, "user", &in_user);
  start_assert_joined (&start, "uts", &in_user);
  start_assert_joined (&start, "net", &in_net);

  start_init (&other); /* the order given is the order done */
  start_set_path (&other, "net", &in_net);
  start_set_path (&other, "user", &in_user);
  start_set (&other, "spacetest_order", "!user,!net");
  start_run_program (&other, "report-linked", NULL, NULL);
  g_assert_cmpint (other.status, ==, 125 << 8);
  resident_stop (&in_user);
  resident_stop (&in_net);
}

/* Runs with a path that only the joined mount namespace has. */
static void
run_with_path_inside (Start          *start,
                      const Resident *resident,
                      const char     *order)
{
  g_autofree char *with_user = test_is_privileged () ? NULL : g_strconcat ("!user,", order, NULL);
  start_init (start);
  start_set_permission (start, resident);
  start_set_path (start, "mnt", resident);
  start_set (start, "spacetest_net", RESIDENT_NET);
  start_set (start, "spacetest_order", with_user ? with_user : order);
  start_run_program (start, "report-linked", NULL, NULL);
}

static void
test_order (void)
{
  static const char *const good[] = { "mnt,net", "!mnt,net", "!mnt,net,!uts" };
  static const char *const bad[] = { "!mnt,!net", "mnt,!net" };
  Resident resident;
  resident_start (&resident, with_permission (CLONE_NEWNS | CLONE_NEWNET));
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_auto (Start) start = { 0 };
      run_with_path_inside (&start, &resident, good[i]);
      start_assert_fine (&start);
      start_assert_joined (&start, "mnt", &resident);
      start_assert_joined (&start, "net", &resident);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (Start) start = { 0 };
      run_with_path_inside (&start, &resident, bad[i]);
      start_assert_refused (&start, ST_ERROR_NOT_FOUND, "cannot open spacetest_net=" RESIDENT_NET);
      start_assert_clean (&start);
    }
  resident_stop (&resident);
}

/* GONS-10, and the mount namespace, working directory included: what was joined before something fails is left again. */
static void
check_restored (const char *kind,
                int         flag,
                gboolean    owns_home)
{
  Resident resident;
  g_auto (Start) start = { 0 };
  g_autofree char *order = g_strconcat (kind, ",user", NULL);
  resident_start (&resident, flag);
  start_init (&start);
  start_set_path (&start, kind, &resident);
  start_set (&start, "spacetest_user", "/nowhere");
  start_set (&start, "spacetest_order", order);
  start_run_program (&start, "report-linked", NULL, NULL);
  if (owns_home)
    {
      start_assert_refused (&start, ST_ERROR_NOT_FOUND, "cannot open spacetest_user=/nowhere: No such file");
      start_assert_clean (&start);
    }
  else
    {
      g_autofree char *words = g_strdup_printf ("already in another %s namespace, with no way back: Operation not permitted", kind);
      g_assert_cmpint (start.status, ==, 125 << 8);
      g_assert_cmpstr (start.output, ==, "");
      g_assert_nonnull (strstr (start.errors, words));
    }
  resident_stop (&resident);
}

/* Root in a user namespace has PID and time namespaces that are not his, so he can leave them but not come back. */
static void
test_restored (void)
{
  const gboolean is_real_root = test_is_real_root ();
  if (!test_needs_privilege ())
    return;
  check_restored ("cgroup", CLONE_NEWCGROUP, TRUE);
  check_restored ("ipc", CLONE_NEWIPC, TRUE);
  check_restored ("mnt", CLONE_NEWNS, TRUE);
  check_restored ("net", CLONE_NEWNET, TRUE);
  check_restored ("pid", CLONE_NEWPID, is_real_root);
  check_restored ("time", CLONE_NEWTIME, is_real_root);
  check_restored ("uts", CLONE_NEWUTS, TRUE);
}

/* There is no way back from a user namespace. */
static void
test_no_way_back (void)
{
  Resident resident;
  g_auto (Start) start = { 0 };
  resident_start (&resident, CLONE_NEWUSER);
  start_init (&start);
  start_set_path (&start, "user", &resident);
  start_set (&start, "spacetest_net", "/nowhere");
  start_set (&start, "spacetest_order", "user,net");
  start_run_program (&start, "report-linked", NULL, NULL);
  g_assert_cmpint (start.status, ==, 125 << 8);
  g_assert_cmpstr (start.output, ==, "");
  g_assert_nonnull (strstr (start.errors, "cannot open spacetest_net=/nowhere: No such file or directory; "
                                          "already in another user namespace, with no way back"));
  resident_stop (&resident);
}

/* GONS-11: upstream fails to join what it is in. */
static void
test_own (void)
{
  static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
  g_auto (Start) start = { 0 };
  start_init (&start);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *variable = g_strconcat ("spacetest_", kinds[i], NULL);
      g_autofree char *path = g_strconcat ("/proc/self/ns/", kinds[i], NULL);
      start_set (&start, variable, path);
    }
  start_run (&start);
  start_assert_fine (&start);
  start_assert_at_home (&start);
}

static void
test_denied (void)
{
  Resident resident;
  g_auto (Start) start = { 0 };
  if (!test_needs_no_privilege ())
    return;
  resident_start (&resident, CLONE_NEWUSER | CLONE_NEWNET);
  start_init (&start);
  start_set_path (&start, "net", &resident);
  start_run (&start);
  start_assert_refused (&start, ST_ERROR_PERMISSION_DENIED, "cannot join spacetest_net=");
  start_assert_clean (&start);
  resident_stop (&resident);
}

/* Descriptors 0 to 2 are the program's. */
static void
test_standard_input (void)
{
  g_auto (Start) start = { 0 };
  start_init (&start);
  const int kept = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  const int own = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (dup2 (own, STDIN_FILENO), ==, STDIN_FILENO);
  start_set (&start, "spacetest_net", "fd:0");
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "inside", "report-linked", NULL);
  char *argv[] = { path, NULL };
  g_spawn_sync (NULL, argv, start.environment, G_SPAWN_CHILD_INHERITS_STDIN | G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL, &start.output, &start.errors, &start.status, &error);
  g_assert_no_error (error);
  dup2 (kept, STDIN_FILENO);
  close (kept);
  close (own);
  start_assert_fine (&start);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
#ifdef __SANITIZE_THREAD__
  g_print ("1..0 # SKIP the thread sanitizer starts a thread before any constructor\n");
  return 0;
#endif
  test_add ("/startup/GONS-04/nothing", test_nothing);
  test_add ("/startup/own-status", test_own_status);
  test_add ("/startup/GONS-05/kinds", test_kinds);
  test_add ("/startup/all", test_all);
  test_add ("/startup/GONS-02/three", test_three);
  test_add ("/startup/user-last", test_user_last);
  test_add ("/startup/order", test_order);
  test_add ("/startup/GONS-10/restored", test_restored);
  test_add ("/startup/no-way-back", test_no_way_back);
  test_add ("/startup/GONS-11/own", test_own);
  test_add ("/startup/denied", test_denied);
  test_add ("/startup/standard-input", test_standard_input);
  return g_test_run ();
}
