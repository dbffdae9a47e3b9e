/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <gio/gio.h>

/* The helper program: where it is, and starting it. */

/* One that serves, a child of this process. */
typedef struct
{
  GSubprocess *process;
  int connection;
  int pidfd;
} StHelper;

GSubprocess *st_helper_spawn    (GSubprocessLauncher *launcher,
                                 const char *const   *arguments,
                                 GError             **error);
gboolean     st_helper_start    (StHelper *self,
                                 int       stdout_fd,
                                 int       stderr_fd,
                                 GError  **error);
void         st_helper_clear    (StHelper *self);
