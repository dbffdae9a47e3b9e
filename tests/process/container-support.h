/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "process-support.h"

#include <fcntl.h>

/* What somebody else started: a shell, root in a user namespace, that has furnished its mounts and waits for its end. For whoever
 * has no privilege, nothing but the default spacer can go there. */

typedef struct
{
  GSubprocess *process;
  int pid;
} Foreign;

static inline Foreign
foreign_start (const char *option,
               const char *script)
{
  char line[256];
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_strdup_printf ("set -e\n%s\necho up\nread nothing\n", script);
  /* The kernel tells an older mount namespace from a newer one, which alone may be bound, by numbers that each CPU gives out for itself. */
  g_autofree char *cpu = g_strdup_printf ("%d", sched_getcpu ());
  Foreign self;
  self.process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "taskset", "--cpu-list",
                                   cpu, "unshare", "--user", "--map-root-user", option, "sh", "-c", whole, NULL);
  g_assert_no_error (error);
  self.pid = get_pid (self.process);
  read_line (self.process, line, sizeof line);
  g_assert_cmpstr (line, ==, "up");
  return self;
}

static inline void
foreign_stop (Foreign *self)
{
  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  g_clear_object (&self->process);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Foreign, foreign_stop)

static inline char *
foreign_path (const Foreign *self,
              const char    *kind)
{
  return g_strdup_printf ("/proc/%d/ns/%s", self->pid, kind);
}

/* So that whoever has no privilege is helped. */
static inline void
allow_spacer (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_spacer_set_policy (ST_SPACER_POLICY_AUTO, &error));
  g_assert_no_error (error);
}

static inline StMountView *
open_view (StNamespaceRef *mntns)
{
  g_autoptr (GError) error = NULL;
  StMountView *view = st_mount_view_new (mntns, &error);
  g_assert_no_error (error);
  return view;
}

static inline void
assert_file (StMountView *view,
             const char  *path,
             const char  *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = st_mount_view_load (view, path, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (content, NULL), g_bytes_get_size (content), expected, strlen (expected));
}
