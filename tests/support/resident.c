/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "resident.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static gboolean
write_file (const char *path,
            const char *text)
{
  const int fd = open (path, O_WRONLY | O_CLOEXEC);
  const gboolean written = fd >= 0 && write (fd, text, strlen (text)) > 0;
  if (fd >= 0)
    close (fd);
  return written;
}

static gboolean
map_ids (uid_t uid,
         gid_t gid)
{
  char line[64];
  write_file ("/proc/self/setgroups", "deny");
  snprintf (line, sizeof line, "0 %u 1\n", gid);
  if (!write_file ("/proc/self/gid_map", line))
    return FALSE;
  snprintf (line, sizeof line, "0 %u 1\n", uid);
  return write_file ("/proc/self/uid_map", line);
}

static gboolean
furnish (void)
{
  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount ("tmpfs", RESIDENT_DIRECTORY, "tmpfs", 0, NULL) < 0)
    return FALSE;
  const int fd = open (RESIDENT_NET, O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  close (fd);
  return mount ("/proc/self/ns/net", RESIDENT_NET, NULL, MS_BIND, NULL) == 0;
}

static void
live (int   kinds,
      uid_t uid,
      gid_t gid,
      int   ready)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if ((!(kinds & CLONE_NEWUSER) || map_ids (uid, gid)) && (!(kinds & CLONE_NEWTIME) || unshare (CLONE_NEWTIME) == 0) &&
      (!(kinds & CLONE_NEWNS) || furnish ()) && write (ready, "r", 1) == 1)
    for (;;)
      pause ();
  _exit (EXIT_FAILURE);
}

void
resident_start (Resident *self,
                int       kinds)
{
  int ends[2];
  char ready = 0;
  const uid_t uid = geteuid ();
  const gid_t gid = getegid ();
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  self->pid = (pid_t) syscall (SYS_clone, SIGCHLD | (kinds & ~CLONE_NEWTIME), NULL, NULL, NULL, NULL);
  g_assert_no_errno (self->pid);
  if (self->pid == 0)
    live (kinds, uid, gid, ends[1]);
  close (ends[1]);
  g_assert_cmpint (TEMP_FAILURE_RETRY (read (ends[0], &ready, 1)), ==, 1);
  close (ends[0]);
}

void
resident_stop (Resident *self)
{
  g_assert_no_errno (kill (self->pid, SIGKILL));
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (self->pid, NULL, 0)), ==, self->pid);
}

/* A new time namespace is only where the children will be. */
char *
resident_get_path (const Resident *self,
                   const char     *kind)
{
  return g_strdup_printf ("/proc/%d/ns/%s", self->pid, g_str_equal (kind, "time") ? "time_for_children" : kind);
}

char *
resident_where (const Resident *self,
                const char     *kind)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = resident_get_path (self, kind);
  char *target = g_file_read_link (path, &error);
  g_assert_no_error (error);
  return target;
}
