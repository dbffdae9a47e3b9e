/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include "refusals.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What stands in the way is built up in a child, in a user namespace of its own: nothing of it is ever done to the host. */

#define assert_works(types)                                                   \
  G_STMT_START                                                                \
  {                                                                           \
    g_autoptr (GError) probe_error_ = NULL;                                   \
    st_probe (types, NULL, &probe_error_);                                    \
    g_assert_no_error (probe_error_);                                         \
  }                                                                           \
  G_STMT_END

#define assert_refused(types, code, text)                                     \
  G_STMT_START                                                                \
  {                                                                           \
    GError *probe_error_ = NULL;                                              \
    g_assert_false (st_probe (types, NULL, &probe_error_));                   \
    test_assert_failed (probe_error_, code, text);                            \
  }                                                                           \
  G_STMT_END

static const char *const kind_names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };

/* The same limit, before and after: nothing is remembered. */
static void
reach_zero_limits (gpointer unused)
{
  refusal_become_root (0);
  for (gsize i = 0; i < G_N_ELEMENTS (kind_names); i++)
    {
      StNamespaceType type = st_namespace_types_from_string (kind_names[i], NULL);
      g_autofree char *path = g_strdup_printf ("/proc/sys/user/max_%s_namespaces", kind_names[i]);
      g_autofree char *blocker = g_strdup_printf ("cannot create %s namespace: %s (user.max_%s_namespaces is 0; ", kind_names[i],
                                                  g_strerror (ENOSPC), kind_names[i]);
      refusal_write (path, "0");
      assert_refused (type, ST_ERROR_EXHAUSTED, blocker);
      refusal_write (path, "5");
      assert_works (type);
    }
}

static void
reach_limit (gpointer unused)
{
  refusal_become_root (0);
  refusal_write ("/proc/sys/user/max_uts_namespaces", "1");
  assert_works (ST_NAMESPACE_UTS);
  g_assert_no_errno (unshare (CLONE_NEWUTS));
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_EXHAUSTED, "user.max_uts_namespaces is reached: 1 here");
  assert_refused (ST_NAMESPACE_UTS | ST_NAMESPACE_USER, ST_ERROR_EXHAUSTED, "user.max_uts_namespaces is reached: 1 here");
  assert_works (ST_NAMESPACE_USER);
}

/* The kernel takes its time to clear away what was made to find out. */
static void
come_often (gpointer unused)
{
  refusal_become_root (0);
  refusal_write ("/proc/sys/user/max_net_namespaces", "1");
  refusal_write ("/proc/sys/user/max_pid_namespaces", "1");
  refusal_write ("/proc/sys/user/max_user_namespaces", "1");
  for (int i = 0; i < 3; i++)
    {
      assert_works (ST_NAMESPACE_NET);
      assert_works (ST_NAMESPACE_NET | ST_NAMESPACE_PID | ST_NAMESPACE_USER);
    }
}

/* One in use, and one allowed: that is no question of depth. None was made before: the kernel takes its time to clear away. */
static void
reach_user_limit (gpointer unused)
{
  refusal_become_root (0);
  refusal_write ("/proc/sys/user/max_user_namespaces", "1");
  pid_t holder = refusal_start_holder (CLONE_NEWUSER);
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_EXHAUSTED, "user.max_user_namespaces is reached: 1 here");
  refusal_end_holder (holder);
}

static void
nest_users (gpointer unused)
{
  int levels = 0;
  while (refusal_try_become_root (0))
    levels++;
  g_assert_cmpint (levels, <=, 33);
  g_assert_cmpint (levels, >, 16);
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_EXHAUSTED, "cannot create user namespace: ");
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_EXHAUSTED, "nested too deep: the kernel ends at 33 levels");
  assert_works (ST_NAMESPACE_UTS | ST_NAMESPACE_PID);
  test_drop_capabilities ();
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_EXHAUSTED, "cannot create user namespace, which it takes without CAP_SYS_ADMIN: ");
}

static void
nest_pids (gpointer unused)
{
  int status, levels = 0;
  pid_t child = 0;
  refusal_become_root (0);
  while (child == 0 && unshare (CLONE_NEWPID) == 0)
    {
      child = fork ();
      g_assert_cmpint (child, >=, 0);
      levels++;
    }
  if (child > 0) /* not the innermost one: says what that has found */
    {
      g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, &status, 0)), ==, child);
      _exit (WIFEXITED (status) ? WEXITSTATUS (status) : EXIT_FAILURE);
    }
  g_assert_cmpint (levels, >, 16);
  g_assert_cmpint (levels, <=, 32);
  assert_refused (ST_NAMESPACE_PID, ST_ERROR_EXHAUSTED, "nested too deep: the kernel ends at 32 levels");
  assert_works (ST_NAMESPACE_UTS);
}

/* No mount point, and no /proc in it. */
static void
go_into_a_chroot (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  g_assert_no_errno (chroot ("/usr"));
  g_assert_no_errno (chdir ("/"));
  assert_works (ST_NAMESPACE_NET | ST_NAMESPACE_UTS | ST_NAMESPACE_PID);
  assert_refused (ST_NAMESPACE_MNT, ST_ERROR_PERMISSION_DENIED, "chroot");
  assert_refused (ST_NAMESPACE_TIME, ST_ERROR_PERMISSION_DENIED, "there is no /proc");
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_PERMISSION_DENIED, "the process is in a chroot");
  test_drop_capabilities ();
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_PERMISSION_DENIED,
                  "cannot create user namespace, which it takes without CAP_SYS_ADMIN: Operation not permitted (the process is in a chroot");
}

/* On a mount point it looks like any other place, unless PID 1 can tell. */
static void
go_into_a_mounted_chroot (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS | CLONE_NEWPID);
  refusal_become_pid_1 ();
  refusal_prepare_root ();
  g_assert_no_errno (mount ("proc", REFUSAL_ROOT "/proc", "proc", 0, NULL));
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      refusal_enter_root ();
      assert_works (ST_NAMESPACE_MNT);
      assert_refused (ST_NAMESPACE_USER, ST_ERROR_PERMISSION_DENIED, "the process is in a chroot");
      _exit (EXIT_SUCCESS);
    }
  refusal_mirror (child);
}

/* Switches of distributions, which the kernel here need not have: the chroot's refusal looks the same. */
static void
meet_switch (const char *name,
             const char *value,
             const char *text)
{
  refusal_become_root (CLONE_NEWNS);
  refusal_prepare_root ();
  g_assert_no_errno (mount ("/proc", REFUSAL_ROOT "/proc", NULL, MS_BIND | MS_REC, NULL));
  g_assert_no_errno (mount ("tmpfs", REFUSAL_ROOT "/proc/sys/kernel", "tmpfs", 0, NULL));
  g_autofree char *path = g_build_filename (REFUSAL_ROOT "/proc/sys/kernel", name, NULL);
  g_assert_true (g_file_set_contents (path, value, -1, NULL));
  refusal_enter_root ();
  test_drop_capabilities ();
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_PERMISSION_DENIED, text);
}

static void
meet_debian_switch (gpointer unused)
{
  meet_switch ("unprivileged_userns_clone", "0\n", "(kernel.unprivileged_userns_clone is 0; set it to 1 with sysctl");
}

static void
meet_ubuntu_switch (gpointer unused)
{
  meet_switch ("apparmor_restrict_unprivileged_userns", "1\n",
               "(kernel.apparmor_restrict_unprivileged_userns is 1; set it to 0 with sysctl");
}

static void
be_filtered (gpointer data)
{
  const int number = GPOINTER_TO_INT (data);
  refusal_become_root (0);
  assert_works (ST_NAMESPACE_UTS);
  refusal_filter (REFUSAL_OF_UNSHARE | REFUSAL_OF_CLONE_USER, number);
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_PERMISSION_DENIED, "seccomp");
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_PERMISSION_DENIED, "seccomp");
}

/* A filter is there, but lets through what is asked for: the blame is not its. */
static void
be_filtered_elsewhere (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  refusal_filter (REFUSAL_OF_MOUNT, EPERM);
  assert_works (ST_NAMESPACE_UTS | ST_NAMESPACE_USER);
  assert_refused (ST_NAMESPACE_MNT, ST_ERROR_PERMISSION_DENIED, "seccomp");
  g_assert_no_errno (chroot ("/usr"));
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_PERMISSION_DENIED, "chroot");
}

static void
be_shot (gpointer unused)
{
  refusal_become_root (0);
  refusal_filter (REFUSAL_OF_UNSHARE, REFUSAL_KILLS);
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_PERMISSION_DENIED, "seccomp");
  assert_works (ST_NAMESPACE_USER);
}

/* As a kernel without the kind would have it. */
static void
miss_a_kind (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  refusal_filter (REFUSAL_OF_UNSHARE, EINVAL);
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_FAILED, "try again");
  refusal_cover ("/proc");
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_NOT_SUPPORTED, "this kernel has no uts namespaces");
}

static void
cover_proc (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  refusal_cover_each ("proc", "sys");
  assert_works (ST_NAMESPACE_USER | ST_NAMESPACE_PID);
  assert_works (ST_NAMESPACE_USER | ST_NAMESPACE_MNT | ST_NAMESPACE_NET);
  assert_refused (ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_MNT, ST_ERROR_PERMISSION_DENIED, "of which nothing is covered");
  assert_refused (ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_MNT, ST_ERROR_PERMISSION_DENIED, "cannot mount proc of new pid");
}

static void
cover_sys (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  refusal_cover_each ("sysfs", "class");
  assert_works (ST_NAMESPACE_USER | ST_NAMESPACE_NET);
  assert_works (ST_NAMESPACE_USER | ST_NAMESPACE_MNT | ST_NAMESPACE_PID);
  assert_refused (ST_NAMESPACE_USER | ST_NAMESPACE_NET | ST_NAMESPACE_MNT, ST_ERROR_PERMISSION_DENIED, "it takes a /sys of which");
}

static void
lack_proc (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  refusal_cover ("/proc");
  assert_works (ST_NAMESPACE_UTS | ST_NAMESPACE_NET);
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_PERMISSION_DENIED, "there is no /proc");
}

static void
have_read_only_proc (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  g_assert_no_errno (mount ("/proc", "/proc", NULL, MS_BIND | MS_REC, NULL));
  g_assert_no_errno (mount (NULL, "/proc", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_PERMISSION_DENIED, "/proc is read-only");
}

static void
lack_capability (gpointer data)
{
  refusal_become_root (0);
  refusal_drop_capability (CAP_NET_ADMIN);
  refusal_drop_capability (CAP_SYS_TIME);
  assert_refused (ST_NAMESPACE_NET, ST_ERROR_PERMISSION_DENIED, "cannot bring lo up in new net namespace: ");
  assert_refused (ST_NAMESPACE_NET, ST_ERROR_PERMISSION_DENIED, "no CAP_NET_ADMIN");
  assert_refused (ST_NAMESPACE_TIME, ST_ERROR_PERMISSION_DENIED, "no CAP_SYS_TIME");
  assert_works (ST_NAMESPACE_NET | ST_NAMESPACE_TIME | ST_NAMESPACE_USER);
  refusal_drop_capability (CAP_SYS_ADMIN);
  assert_works (ST_NAMESPACE_NET | ST_NAMESPACE_TIME);
}

static void
be_unmapped (gpointer unused)
{
  g_assert_no_errno (unshare (CLONE_NEWUSER));
  assert_works (ST_NAMESPACE_UTS);
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_PERMISSION_DENIED, "not mapped");
}

static void
lack_all_capabilities (gpointer unused)
{
  test_drop_capabilities ();
  if (geteuid () == 0)
    assert_refused (ST_NAMESPACE_UTS, ST_ERROR_PERMISSION_DENIED, "user id 0 takes CAP_SETFCAP to be mapped");
  else
    assert_works (ST_NAMESPACE_UTS);
}

/* Its files in /proc are root's, which is who it is itself in a user namespace. */
static void
change_ids (gpointer unused)
{
  refusal_become_nobody ();
  g_assert_no_errno (prctl (PR_SET_DUMPABLE, 0));
  if (geteuid () == 0)
    assert_works (ST_NAMESPACE_UTS);
  else
    assert_refused (ST_NAMESPACE_UTS, ST_ERROR_PERMISSION_DENIED, "not dumpable");
  g_assert_no_errno (prctl (PR_SET_DUMPABLE, 1));
  assert_works (ST_NAMESPACE_UTS);
}

static void
run_out_of_processes (gpointer unused)
{
  refusal_become_nobody ();
  refusal_set_limit (RLIMIT_NPROC, 0);
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_EXHAUSTED, "RLIMIT_NPROC is 0");
}

static void
run_out_of_descriptors (gpointer unused)
{
  refusal_become_root (0);
  refusal_set_limit (RLIMIT_NOFILE, 0);
  assert_refused (ST_NAMESPACE_USER, ST_ERROR_EXHAUSTED, "too many open files");
  assert_works (ST_NAMESPACE_UTS);
}

/* Where the limit can't be read, it is named all the same. */
static void
reach_unknown_limit (gpointer unused)
{
  refusal_become_root (CLONE_NEWNS);
  refusal_write ("/proc/sys/user/max_uts_namespaces", "0");
  refusal_cover_each ("proc", "sys");
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_EXHAUSTED, "user.max_uts_namespaces is reached; raise it with sysctl");
}

/* Nobody can be born any more where PID 1 has ended. */
static void
lose_pid_1 (gpointer unused)
{
  refusal_become_root (CLONE_NEWPID);
  const pid_t first = fork ();
  g_assert_cmpint (first, >=, 0);
  if (first == 0)
    _exit (EXIT_SUCCESS);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (first, NULL, 0)), ==, first);
  assert_refused (ST_NAMESPACE_UTS, ST_ERROR_EXHAUSTED, "PID 1 has ended");
}

typedef struct
{
  const char *path;
  void (*func) (gpointer data);
  int data;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *it = data;
  g_auto (GStrv) before = test_collect_traces ();
  test_in_child (it->func, GINT_TO_POINTER (it->data));
  test_assert_traces (before);
}

static const Case cases[] = {
  { "zero-limits", reach_zero_limits },
  { "limit", reach_limit },
  { "limit-unknown", reach_unknown_limit },
  { "no-pid-1", lose_pid_1 },
  { "often", come_often },
  { "user-limit", reach_user_limit },
  { "nested-users", nest_users },
  { "nested-pids", nest_pids },
  { "chroot", go_into_a_chroot },
  { "mounted-chroot", go_into_a_mounted_chroot },
  { "debian-switch", meet_debian_switch },
  { "ubuntu-switch", meet_ubuntu_switch },
  { "filter", be_filtered, EPERM },
  { "filter-enosys", be_filtered, ENOSYS },
  { "filter-elsewhere", be_filtered_elsewhere },
  { "filter-kills", be_shot },
  { "missing-kind", miss_a_kind },
  { "covered-proc", cover_proc },
  { "covered-sys", cover_sys },
  { "no-proc", lack_proc },
  { "read-only-proc", have_read_only_proc },
  { "capability", lack_capability },
  { "no-capabilities", lack_all_capabilities },
  { "unmapped", be_unmapped },
  { "undumpable", change_ids },
  { "processes", run_out_of_processes },
  { "descriptors", run_out_of_descriptors },
};

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/probe-blockers/", cases[i].path, NULL);
      g_test_add_data_func (path, &cases[i], run_case);
    }
  return g_test_run ();
}
