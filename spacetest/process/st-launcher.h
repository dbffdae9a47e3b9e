/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

#define ST_TYPE_LAUNCHER (st_launcher_get_type ())
ST_DECLARE_INTERNAL_TYPE (Launcher, launcher, LAUNCHER, GObject)

SPACETEST_AVAILABLE_IN_ALL
StLauncher  *st_launcher_new                  (GSubprocessFlags flags);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_set_flags            (StLauncher      *self,
                                               GSubprocessFlags flags);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_set_cwd              (StLauncher *self,
                                               const char *cwd);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_set_environ          (StLauncher  *self,
                                               char       **environment);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_setenv               (StLauncher *self,
                                               const char *variable,
                                               const char *value,
                                               gboolean    overwrite);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_unsetenv             (StLauncher *self,
                                               const char *variable);
SPACETEST_AVAILABLE_IN_ALL
const char  *st_launcher_getenv               (StLauncher *self,
                                               const char *variable);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_take_fd              (StLauncher *self,
                                               int         source_fd,
                                               int         target_fd);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_take_stdin_fd        (StLauncher *self,
                                               int         fd);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_take_stdout_fd       (StLauncher *self,
                                               int         fd);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_take_stderr_fd       (StLauncher *self,
                                               int         fd);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_set_stdin_file_path  (StLauncher *self,
                                               const char *path);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_set_stdout_file_path (StLauncher *self,
                                               const char *path);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_set_stderr_file_path (StLauncher *self,
                                               const char *path);
SPACETEST_AVAILABLE_IN_ALL
GSubprocess *st_launcher_spawnv               (StLauncher        *self,
                                               StSpace           *space,
                                               const char *const *argv,
                                               GError           **error);
SPACETEST_AVAILABLE_IN_ALL
GSubprocess *st_launcher_spawn                (StLauncher *self,
                                               StSpace    *space,
                                               GError    **error,
                                               const char *argv0,
                                               ...) G_GNUC_NULL_TERMINATED;
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_spawnv_async         (StLauncher         *self,
                                               StSpace            *space,
                                               const char *const  *argv,
                                               GCancellable       *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
GSubprocess *st_launcher_spawnv_finish        (StLauncher   *self,
                                               GAsyncResult *result,
                                               GError      **error);
SPACETEST_AVAILABLE_IN_ALL
void         st_launcher_close                (StLauncher *self);

G_END_DECLS
