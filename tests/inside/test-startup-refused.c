/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "startup-support.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

static void
check_refused (const char *variable,
               const char *value,
               StError     code,
               const char *words)
{
  g_auto (Start) start = { 0 };
  start_init (&start);
  start_set (&start, variable, value);
  start_run (&start);
  start_assert_refused (&start, code, words);
  start_assert_clean (&start);
}

/* GONS-01, GONS-12 */
static void
test_references (void)
{
  check_refused ("spacetest_net", "/foo", ST_ERROR_NOT_FOUND, "cannot open spacetest_net=/foo: No such file or directory");
  check_refused ("spacetest_net", "", ST_ERROR_INVALID_ARGUMENT, "cannot read spacetest_net: it is empty; it takes a path, pid:1234 or fd:5");
  check_refused ("spacetest_net", "/etc/passwd", ST_ERROR_NOT_A_NAMESPACE, "cannot open spacetest_net=/etc/passwd");
  check_refused ("spacetest_net", "/", ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  check_refused ("spacetest_net", "/proc/self/ns/uts", ST_ERROR_WRONG_TYPE,
                 "cannot use spacetest_net=/proc/self/ns/uts as a net namespace: it is a uts namespace");
  check_refused ("spacetest_uts", "\xff\xfe", ST_ERROR_NOT_FOUND, "cannot open spacetest_uts=");
  check_refused ("spacetest_net", "pid:2147483647", ST_ERROR_NOT_FOUND, "the process is gone");
  check_refused ("spacetest_net", "pid:0", ST_ERROR_INVALID_ARGUMENT, "spacetest_net=pid:0: the number of a process is expected after \"pid:\"");
  check_refused ("spacetest_net", "pid:", ST_ERROR_INVALID_ARGUMENT, "spacetest_net=pid:: the number of a process is expected after \"pid:\"");
  check_refused ("spacetest_net", "pid:1x", ST_ERROR_INVALID_ARGUMENT, "spacetest_net=pid:1x: the number of a process is expected after \"pid:\"");
  check_refused ("spacetest_net", "pid: 1", ST_ERROR_INVALID_ARGUMENT, "spacetest_net=pid: 1: the number of a process is expected after \"pid:\"");
  check_refused ("spacetest_net", "pid:99999999999999999999", ST_ERROR_INVALID_ARGUMENT, "spacetest_net=pid:99999999999999999999: the number of a process is expected after \"pid:\"");
  check_refused ("spacetest_net", "fd:", ST_ERROR_INVALID_ARGUMENT, "spacetest_net=fd:: the number of a descriptor is expected after \"fd:\"");
  check_refused ("spacetest_net", "fd:-1", ST_ERROR_INVALID_ARGUMENT, "spacetest_net=fd:-1: the number of a descriptor is expected after \"fd:\"");
  check_refused ("spacetest_net", "fd:999", ST_ERROR_INVALID_ARGUMENT, "not an open descriptor");
  check_refused ("spacetest_net", "fd:0", ST_ERROR_NOT_A_NAMESPACE, "spacetest_net=fd:0");
}

/* A descriptor that is no namespace is not ours to close; one that is of another kind was given to us. */
static void
test_descriptors (void)
{
  g_auto (Start) start = { 0 };
  g_auto (Start) other = { 0 };
  const int null = open ("/dev/null", O_RDONLY);
  const int uts = open ("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
  g_autofree char *is_null = g_strdup_printf ("fd:%d", null);
  start_init (&start);
  start_set (&start, "spacetest_net", is_null);
  start_run (&start);
  start_assert_refused (&start, ST_ERROR_NOT_A_NAMESPACE, is_null);
  close (null);
  start_assert_descriptors (&start, 1);

  const int inherited = dup (uts);
  g_autofree char *is_uts = g_strdup_printf ("fd:%d", inherited);
  start_init (&other);
  start_set (&other, "spacetest_net", is_uts);
  start_run (&other);
  close (inherited);
  start_assert_refused (&other, ST_ERROR_WRONG_TYPE, "it is a uts namespace");
  start_assert_clean (&other);
  close (uts);
}

/* Whatever else is wrong, before or after it is come to. */
static void
test_descriptors_of_refused (void)
{
  static const char *const bad[][2] = {
    { "spacetest_foo", "/x" },        { "spacetest_ipc", "" },           { "spacetest_order", "" }, { "spacetest_order", "uts" },
    { "spacetest_order", "uts,uts" }, { "spacetest_order", "uts,bogus" }, { "spacetest_uts", "fd:" }, { "spacetest_cgroup", "/nowhere" },
  };
  const int net = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  const int ipc = open ("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (Start) start = { 0 };
      const int given[] = { dup (net), dup (ipc) };
      g_autofree char *is_net = g_strdup_printf ("fd:%d", given[0]);
      g_autofree char *is_ipc = g_strdup_printf ("fd:%d", given[1]);
      start_init (&start);
      start_set (&start, "spacetest_net", is_net);
      start_set (&start, "spacetest_ipc", is_ipc);
      start_set (&start, bad[i][0], bad[i][1]);
      const gboolean replaces_ipc = g_str_equal (bad[i][0], "spacetest_ipc");
      if (replaces_ipc)
        close (given[1]);
      start_run (&start);
      if (!replaces_ipc)
        close (given[1]);
      close (given[0]);
      g_autofree char *status = start_get (&start, "status");
      g_assert_cmpstr (status, !=, "fine");
      start_assert_at_home (&start);
      start_assert_clean (&start);
    }
  close (net);
  close (ipc);
}

/* What the library opens itself is not what we were meant to inherit. */
static void
test_not_inherited (void)
{
  for (int fd = 3; fd < 24; fd++)
    {
      const int flags = fcntl (fd, F_GETFD);
      g_autofree char *reference = g_strdup_printf ("fd:%d", fd);
      if (flags < 0 || (flags & FD_CLOEXEC))
        check_refused ("spacetest_net", reference, ST_ERROR_INVALID_ARGUMENT, "not an open descriptor");
    }
}

/* GONS-14 */
static void
test_long (void)
{
  g_autofree char *path = g_strnfill (6000, 'x');
  g_autofree char *variable = g_strconcat ("spacetest_", path, NULL);
  check_refused ("spacetest_net", path, ST_ERROR_INVALID_ARGUMENT, "xxx: File name too long");
  check_refused (variable, "/", ST_ERROR_INVALID_ARGUMENT, "cannot read spacetest_xxx");
  check_refused ("spacetest_order", path, ST_ERROR_INVALID_ARGUMENT, "unknown kind \"xxx");
}

/* GONS-13: there is a time kind in ours; a variable that names no kind is no longer ignored. */
static void
test_unknown (void)
{
  check_refused ("spacetest_foo", "/proc/self/ns/net", ST_ERROR_INVALID_ARGUMENT, "cannot read spacetest_foo: no such kind");
  check_refused ("spacetest_NET", "/proc/self/ns/net", ST_ERROR_INVALID_ARGUMENT, "cannot read spacetest_NET: no such kind");
  check_refused ("spacetest_", "/proc/self/ns/net", ST_ERROR_INVALID_ARGUMENT, "cannot read spacetest_: no such kind");
  check_refused ("spacetest_net:", "/proc/self/ns/net", ST_ERROR_INVALID_ARGUMENT, "cannot read spacetest_net:: no such kind");
}

static void
check_order (const char *order,
             const char *words)
{
  g_auto (Start) start = { 0 };
  start_init (&start);
  start_set (&start, "spacetest_net", "/proc/self/ns/net");
  start_set (&start, "spacetest_order", order);
  start_run (&start);
  start_assert_refused (&start, ST_ERROR_INVALID_ARGUMENT, words);
  start_assert_clean (&start);
}

/* GONS-06, GONS-07, GONS-08, GONS-09: upstream takes an empty order for none, and leaves out what is not in it. */
static void
test_bad_orders (void)
{
  check_order ("", "cannot read spacetest_order: it is empty; it takes a list of kinds");
  check_order ("uts", "it lacks net, which spacetest_net is set for");
  check_order ("net,", "unknown kind \"\"");
  check_order (",net", "unknown kind \"\"");
  check_order ("net, ipc", "unknown kind \" ipc\"");
  check_order ("bogus", "unknown kind \"bogus\"");
  check_order ("!", "unknown kind \"\"");
  check_order ("!!net", "unknown kind \"!net\"");
  check_order ("net,net", "doubled kind \"net\"");
  check_order ("net,!net", "doubled kind \"net\"");
  check_order ("!net,uts,!net", "doubled kind \"net\"");
  check_order ("net!", "unknown kind \"net!\"");
}

static void
test_good_orders (void)
{
  static const char *const orders[] = { "net", "!net", "uts,!net", "!user,!mnt,net,time,pid,ipc,cgroup,uts" };
  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_auto (Start) start = { 0 };
      start_init (&start);
      start_set (&start, "spacetest_net", "/proc/self/ns/net");
      start_set (&start, "spacetest_order", orders[i]);
      start_run (&start);
      start_assert_fine (&start);
      start_assert_at_home (&start);
    }
}

/* Any bad variable means that no good one is done. */
static void
test_all_or_nothing (void)
{
  Resident resident;
  resident_start (&resident, CLONE_NEWUSER | CLONE_NEWNET);
  static const char *const bad[][2] = {
    { "spacetest_foo", "/x" }, { "spacetest_uts", "/nowhere" }, { "spacetest_ipc", "/proc/self/ns/uts" }, { "spacetest_order", "!user" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (Start) start = { 0 };
      start_init (&start);
      start_set_path (&start, "user", &resident);
      start_set_path (&start, "net", &resident);
      start_set (&start, bad[i][0], bad[i][1]);
      start_run (&start);
      start_assert_at_home (&start);
      start_assert_clean (&start);
      g_autofree char *status = start_get (&start, "status");
      g_assert_cmpstr (status, !=, "fine");
    }
  resident_stop (&resident);
}

/* Without somebody to ask, the reason is printed. GONS-03: a status without a reason is no error. */
static void
test_unasked (void)
{
  g_auto (Start) start = { 0 };
  g_auto (Start) fine = { 0 };
  start_init (&start);
  start_set (&start, "spacetest_net", "/nowhere");
  start_run_program (&start, "report-linked", "unasked", NULL);
  g_assert_cmpint (start.status, ==, 0);
  g_assert_nonnull (strstr (start.errors, "report-linked: ran at home: cannot open spacetest_net=/nowhere: No such file or directory"));

  start_init (&fine);
  start_set (&fine, "spacetest_net", "/proc/self/ns/net");
  start_run_program (&fine, "report-linked", "unasked", NULL);
  g_assert_cmpstr (fine.errors, ==, "");
}

static char *
get_library (void)
{
  return g_test_build_filename (G_TEST_BUILT, "..", "spacetest", "libspacetest-1.so.0", NULL);
}

static void
check_too_late (Start      *start,
                const char *words)
{
  start_assert_refused (start, ST_ERROR_NOT_SUPPORTED, words);
  start_assert (start, "left", "spacetest_net"); /* for who can use it */
}

/* Before the run-time library of a sanitizer, too. There may be a blank in the path, but not in LD_PRELOAD. */
static void
start_preload (Start      *self,
               const char *library)
{
  g_autofree char *directory = g_path_get_dirname (library);
  g_autofree char *name = g_path_get_basename (library);
  start_set (self, "LD_LIBRARY_PATH", directory);
  start_set (self, "LD_PRELOAD", name);
  start_set (self, "ASAN_OPTIONS", "verify_asan_link_order=0");
}

static void
test_early_threads (void)
{
  g_auto (Start) start = { 0 };
  g_autofree char *library = g_test_build_filename (G_TEST_BUILT, "inside", "libearly-thread.so", NULL);
  start_init (&start);
  start_set (&start, "spacetest_net", "/proc/self/ns/net");
  start_preload (&start, library);
  start_run (&start);
  check_too_late (&start, "the program has started threads already");
}

static void
test_loaded_later (void)
{
  g_auto (Start) start = { 0 };
  g_auto (Start) threaded = { 0 };
  g_autofree char *library = get_library ();
  start_init (&start);
  start_set (&start, "spacetest_net", "/nowhere");
  start_run_program (&start, "report-loading", library, NULL);
  g_assert_cmpint (start.status, ==, 0);
  check_too_late (&start, "loaded after the start of the program");

  start_init (&threaded);
  start_set (&threaded, "spacetest_net", "/nowhere");
  start_run_program (&threaded, "report-loading", library, "threaded");
  g_assert_cmpint (threaded.status, ==, 0);
  check_too_late (&threaded, "loaded after the start of the program");
}

/* Before main(), though the program knows nothing of it. */
static void
test_preloaded (void)
{
  g_auto (Start) start = { 0 };
  g_autofree char *library = get_library ();
  start_init (&start);
  start_set (&start, "spacetest_net", "/proc/self/ns/net");
  start_preload (&start, library);
  start_run_program (&start, "report-loading", library, NULL);
  g_assert_cmpint (start.status, ==, 0);
  start_assert_fine (&start);
}

static gboolean
copy_setuid (const char *to)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *from = g_test_build_filename (G_TEST_BUILT, "inside", "report-linked", NULL);
  g_autofree char *content = NULL;
  gsize size;
  g_file_get_contents (from, &content, &size, &error);
  g_assert_no_error (error);
  g_file_set_contents (to, content, (gssize) size, &error);
  g_assert_no_error (error);
  g_assert_no_errno (chmod (to, 04755));
  struct statvfs status;
  g_assert_no_errno (statvfs (to, &status));
  return !(status.f_flag & ST_NOSUID);
}

static void
become_nobody (gpointer unused)
{
  if (setresgid (65534, 65534, 65534) < 0 || setresuid (65534, 65534, 65534) < 0)
    _exit (127);
}

static void
test_setuid (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Start) start = { 0 };
  if (!test_needs_real_root ())
    return;
  g_autofree char *directory = g_dir_make_tmp ("spacetest-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *program = g_build_filename (directory, "setuid", NULL);
  g_assert_no_errno (chmod (directory, 0755));
  start_init (&start);
  start_set (&start, "spacetest_net", "/nowhere");
  start_set (&start, "spacetest_order", "net");
  start_set (&start, "SPACETEST_LIBEXECDIR", "/nowhere");
  if (copy_setuid (program))
    {
      char *argv[] = { program, NULL };
      g_spawn_sync ("/", argv, start.environment, 0, become_nobody, NULL, &start.output, &start.errors, &start.status, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (start.errors, ==, "");
      start_assert (&start, "ids", "0 65534");
      start_assert (&start, "helper", "as installed");
      start_assert_fine (&start);
      start_assert_at_home (&start);
    }
  else
    test_skip ("the directory for temporary files is mounted nosuid");
  g_assert_no_errno (g_unlink (program));
  g_assert_no_errno (g_rmdir (directory));
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
  test_add ("/startup-refused/GONS-01/GONS-12/references", test_references);
  test_add ("/startup-refused/descriptors", test_descriptors);
  test_add ("/startup-refused/descriptors-of-refused", test_descriptors_of_refused);
  test_add ("/startup-refused/not-inherited", test_not_inherited);
  test_add ("/startup-refused/GONS-14/long", test_long);
  test_add ("/startup-refused/GONS-13/unknown", test_unknown);
  test_add ("/startup-refused/GONS-06/GONS-07/GONS-08/GONS-09/bad-orders", test_bad_orders);
  test_add ("/startup-refused/good-orders", test_good_orders);
  test_add ("/startup-refused/all-or-nothing", test_all_or_nothing);
  test_add ("/startup-refused/GONS-03/unasked", test_unasked);
  test_add ("/startup-refused/early-threads", test_early_threads);
  test_add ("/startup-refused/loaded-later", test_loaded_later);
  test_add ("/startup-refused/preloaded", test_preloaded);
  test_add ("/startup-refused/setuid", test_setuid);
  return g_test_run ();
}
