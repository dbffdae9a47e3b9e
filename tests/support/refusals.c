/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "refusals.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

void
refusal_write (const char *path,
               const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  close (fd);
}

gboolean
refusal_try_become_root (int flags)
{
  g_autofree char *uid_map = g_strdup_printf ("0 %u 1", geteuid ());
  g_autofree char *gid_map = g_strdup_printf ("0 %u 1", getegid ());
  if (unshare (CLONE_NEWUSER | flags) < 0)
    return FALSE;
  refusal_write ("/proc/self/setgroups", "deny");
  refusal_write ("/proc/self/uid_map", uid_map);
  refusal_write ("/proc/self/gid_map", gid_map);
  if (flags & CLONE_NEWNS)
    g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  return TRUE;
}

void
refusal_become_root (int flags)
{
  if (!refusal_try_become_root (flags))
    g_error ("cannot make a user namespace: %s", g_strerror (errno));
}

void
refusal_become_nobody (void)
{
  if (geteuid () == 0 && setgroups (0, NULL) == 0)
    {
      g_assert_no_errno (setresgid (NOBODY, NOBODY, NOBODY));
      g_assert_no_errno (setresuid (NOBODY, NOBODY, NOBODY));
    }
  for (int capability = 0; capability < 64; capability++)
    if (capability != CAP_SETFCAP)
      refusal_drop_capability (capability);
}

void
refusal_mirror (pid_t child)
{
  int status;
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, &status, 0)), ==, child);
  _exit (WIFEXITED (status) ? WEXITSTATUS (status) : EXIT_FAILURE);
}

void
refusal_become_pid_1 (void)
{
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child > 0)
    refusal_mirror (child);
  g_assert_cmpint (getpid (), ==, 1);
  g_assert_no_errno (mount ("proc", "/proc", "proc", 0, NULL));
}

pid_t
refusal_start_holder (int flags)
{
  pid_t holder = (pid_t) syscall (SYS_clone, (unsigned long) flags | SIGCHLD, 0, 0, 0, 0);
  g_assert_cmpint (holder, >=, 0);
  if (holder == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      pause ();
      _exit (EXIT_SUCCESS);
    }
  return holder;
}

void
refusal_end_holder (pid_t holder)
{
  g_assert_no_errno (kill (holder, SIGKILL));
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (holder, NULL, 0)), ==, holder);
}

void
refusal_cover (const char *path)
{
  g_assert_no_errno (mount ("tmpfs", path, "tmpfs", 0, NULL));
}

/* The kernel looks at all mounts of the kind for one of which nothing is covered: somebody may have one for a root of his own. */
void
refusal_cover_each (const char *kind,
                    const char *below)
{
  g_autofree char *table = NULL;
  g_assert_true (g_file_get_contents ("/proc/self/mounts", &table, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (table, "\n", -1);
  for (char **line = lines; **line; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, " ", -1);
      g_autofree char *point = g_strcompress (fields[1]);
      g_autofree char *path = g_build_filename (point, below, NULL);
      if (strcmp (fields[2], kind) == 0 && g_file_test (path, G_FILE_TEST_IS_DIR))
        refusal_cover (path);
    }
}

void
refusal_prepare_root (void)
{
  refusal_cover (REFUSAL_ROOT);
  g_assert_no_errno (mkdir (REFUSAL_ROOT "/proc", 0755));
}

void
refusal_enter_root (void)
{
  g_assert_no_errno (chroot (REFUSAL_ROOT));
  g_assert_no_errno (chdir ("/"));
}

void
refusal_drop_capability (int capability)
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct data[2];
  g_assert_no_errno (syscall (SYS_capget, &header, data));
  data[CAP_TO_INDEX (capability)].effective &= ~CAP_TO_MASK (capability);
  data[CAP_TO_INDEX (capability)].permitted &= ~CAP_TO_MASK (capability);
  data[CAP_TO_INDEX (capability)].inheritable &= ~CAP_TO_MASK (capability);
  g_assert_no_errno (syscall (SYS_capset, &header, data));
}

void
refusal_set_limit (int           resource,
                   unsigned long limit)
{
  const struct rlimit value = { limit, limit };
  g_assert_no_errno (setrlimit (resource, &value));
}

#define LOAD(field) BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, field))
#define SKIP_UNLESS(number, count) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, number, 0, count)
#define SKIP_UNLESS_SET(bits, count) BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, bits, 0, count)
#define ANSWER(what) BPF_STMT (BPF_RET | BPF_K, what)
#define NO_CALL 0xffffffffu

/* The lower half of a call's first argument. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define FIRST_ARGUMENT args[0]
#else
#define FIRST_ARGUMENT args[0] + 4
#endif

void
refusal_filter (guint calls,
                int   number)
{
  const guint answer = number == REFUSAL_KILLS ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | (guint) number;
  struct sock_filter filter[] = {
    LOAD (nr),
    SKIP_UNLESS (calls & REFUSAL_OF_UNSHARE ? SYS_unshare : NO_CALL, 1),
    ANSWER (answer),
    SKIP_UNLESS (calls & REFUSAL_OF_MOUNT ? SYS_mount : NO_CALL, 1),
    ANSWER (answer),
    SKIP_UNLESS (calls & REFUSAL_OF_CLONE_USER ? SYS_clone : NO_CALL, 3),
    LOAD (FIRST_ARGUMENT),
    SKIP_UNLESS_SET (CLONE_NEWUSER, 1),
    ANSWER (answer),
    ANSWER (SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = { G_N_ELEMENTS (filter), filter };
  g_assert_no_errno (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  g_assert_no_errno (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}
