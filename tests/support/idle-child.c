/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "idle-child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int
write_file (const char *path,
            const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  int result = fd < 0 || write (fd, text, strlen (text)) < 0 ? errno : 0;
  if (fd >= 0)
    close (fd);
  return result;
}

static int
map_own_id_to_root (uid_t uid,
                    gid_t gid)
{
  char line[64];
  write_file ("/proc/self/setgroups", "deny");
  snprintf (line, sizeof line, "0 %u 1\n", gid);
  int result = write_file ("/proc/self/gid_map", line);
  snprintf (line, sizeof line, "0 %u 1\n", uid);
  return result ? result : write_file ("/proc/self/uid_map", line);
}

static int
make (guint namespaces)
{
  const uid_t uid = geteuid ();
  const gid_t gid = getegid ();
  if (unshare ((int) namespaces) < 0)
    return errno;
  return namespaces & CLONE_NEWUSER ? map_own_id_to_root (uid, gid) : 0;
}

/* Ends when nobody has work for it any more. */
static void
work (int order,
      int answer)
{
  guint namespaces;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  while (read (order, &namespaces, sizeof namespaces) == sizeof namespaces)
    {
      int result = make (namespaces);
      if (write (answer, &result, sizeof result) < 0)
        break;
    }
  _exit (EXIT_SUCCESS);
}

void
idle_child_start (IdleChild *self,
                  guint      namespaces)
{
  int order[2], answer[2];
  g_assert_true (g_unix_open_pipe (order, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_open_pipe (answer, FD_CLOEXEC, NULL));
  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    {
      close (order[1]);
      close (answer[0]);
      work (order[0], answer[1]);
    }
  close (order[0]);
  close (answer[1]);
  self->work = order[1];
  self->answer = answer[0];
  idle_child_unshare (self, namespaces);
}

void
idle_child_unshare (IdleChild *self,
                    guint      namespaces)
{
  int result;
  g_assert_cmpint (write (self->work, &namespaces, sizeof namespaces), ==, sizeof namespaces);
  g_assert_cmpint (TEMP_FAILURE_RETRY (read (self->answer, &result, sizeof result)), ==, sizeof result);
  if (result != 0)
    g_error ("cannot make namespaces %#x: %s", namespaces, g_strerror (result));
}

void
idle_child_kill (IdleChild *self)
{
  siginfo_t info;
  g_assert_no_errno (kill (self->pid, SIGKILL));
  g_assert_no_errno (TEMP_FAILURE_RETRY (waitid (P_PID, (id_t) self->pid, &info, WEXITED | WNOWAIT)));
}

void
idle_child_stop (IdleChild *self)
{
  kill (self->pid, SIGKILL);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (self->pid, NULL, 0)), ==, self->pid);
  close (self->work);
  close (self->answer);
}

char *
idle_child_get_path (IdleChild  *self,
                     const char *kind)
{
  return g_strdup_printf ("/proc/%d/ns/%s", self->pid, kind);
}
