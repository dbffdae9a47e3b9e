/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the suites of mount views share: a mount namespace with an empty tmpfs on /mnt that is writable by all, and a view of it. */
typedef struct
{
  StTransientMntns *mntns;
  StMountView *view;
} Inside;

static inline void
inside_clear (Inside *self)
{
  g_clear_object (&self->view);
  g_clear_object (&self->mntns);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Inside, inside_clear)

static inline Inside
make_inside (void)
{
  GError *error = NULL;
  Inside self;
  self.mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  st_transient_mntns_mount_tmpfs (self.mntns, "/mnt", 0, &error);
  g_assert_no_error (error);
  self.view = st_mount_view_new (ST_NAMESPACE_REF (self.mntns), &error);
  g_assert_no_error (error);
  return self;
}

static inline gboolean
call_void (gpointer data,
           GError **error)
{
  (*(void (**) (void)) data) ();
  return TRUE;
}

static inline void
run_inside (StTransientMntns *mntns,
            void            (*func) (void))
{
  GError *error = NULL;
  st_space_call (ST_SPACE (mntns), call_void, &func, &error);
  g_assert_no_error (error);
}

static inline GBytes *
text_bytes (const char *text)
{
  return g_bytes_new_static (text, strlen (text));
}

static inline gboolean
replace_text (StMountView *view,
              const char  *path,
              const char  *text,
              GError     **error)
{
  g_autoptr (GBytes) content = text_bytes (text);
  return st_mount_view_replace (view, path, content, error);
}

static inline void
assert_content (StMountView *view,
                const char  *path,
                const char  *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = st_mount_view_load (view, path, &error);
  gsize size;
  g_assert_no_error (error);
  const char *data = g_bytes_get_data (content, &size);
  g_assert_cmpmem (data, size, text, strlen (text));
}

static inline void
assert_names (StMountView       *view,
              const char        *path,
              const char *const *expected)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = st_mount_view_list (view, path, &error);
  g_assert_no_error (error);
  g_assert_cmpstrv (names, (char **) expected);
}

#define assert_list(view, path, ...) assert_names (view, path, (const char *const[]) { __VA_ARGS__, NULL })

#define assert_failed_as(error, domain, code)                                 \
  G_STMT_START                                                                \
  {                                                                           \
    g_assert_error (error, domain, (int) (code));                             \
    g_clear_error (&(error));                                                 \
  }                                                                           \
  G_STMT_END
#define assert_io_failed(error, code) assert_failed_as (error, G_IO_ERROR, code)
