/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-view-file-private.h"

#include "st-view-guard-private.h"
#include "st-view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TRIES 64 /* while others make and remove the file all the time */

static int
fail (GError **error,
      int      result)
{
  st_view_set_result (error, result);
  return -1;
}

static gboolean
is_temporary (int flags)
{
  return (flags & O_TMPFILE) == O_TMPFILE;
}

static gboolean
is_writing (int flags)
{
  return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC | O_APPEND)) || is_temporary (flags);
}

/* Opens what was found, which may be a link that was not to be followed. */
static int
reopen (StViewRoot *root,
        int         found,
        int         flags,
        guint       mode,
        gboolean    guarded,
        GError    **error)
{
  StViewFile file;
  int result = st_view_inspect (found, &file);
  if (result < 0)
    return fail (error, result);
  if (S_ISLNK (file.mode))
    return fail (error, -ELOOP);
  if (guarded && !st_view_guard_check (root, found, error))
    return -1;
  int fd = st_view_reopen (root->proc, found, flags & ~O_NOFOLLOW, mode);
  return fd < 0 ? fail (error, fd) : fd;
}

static int
open_existing (StViewRoot *root,
               const char *path,
               int         flags,
               guint       mode,
               gboolean    guarded,
               GError    **error)
{
  ST_AUTO_FD found = st_view_root_lookup (root, path, flags & (O_NOFOLLOW | O_DIRECTORY), error);
  if (found < 0 || (flags & O_PATH))
    return g_steal_fd (&found);
  return reopen (root, found, flags, mode, guarded, error);
}

static int
reopen_instead_of_creating (StViewRoot        *root,
                            const StViewPlace *place,
                            int                flags,
                            gboolean           guarded,
                            GError           **error)
{
  StViewFile file;
  int result = st_view_inspect (place->target, &file);
  if (result == 0 && (flags & O_EXCL))
    result = -EEXIST;
  if (result == 0 && S_ISDIR (file.mode))
    result = -EISDIR;
  if (result < 0)
    return fail (error, result);
  return reopen (root, place->target, flags & ~O_CREAT, 0, guarded, error);
}

/* Whether anything but "somebody was faster" came of it. */
static gboolean
try_to_create (StViewRoot *root,
               const char *path,
               int         flags,
               guint       mode,
               gboolean    guarded,
               int        *fd,
               GError    **error)
{
  g_auto (StViewPlace) place = ST_VIEW_NO_PLACE;
  *fd = -1;
  if (!st_view_root_find (root, path, !(flags & (O_EXCL | O_NOFOLLOW)), &place, error))
    return TRUE;
  if (place.target >= 0)
    {
      *fd = reopen_instead_of_creating (root, &place, flags, guarded, error);
      return TRUE;
    }
  if (guarded && !st_view_guard_check (root, place.directory, error))
    return TRUE;
  int created = st_view_create (place.directory, place.name, flags, mode);
  if (created == -EEXIST && !(flags & O_EXCL))
    return FALSE;
  *fd = created < 0 ? fail (error, created) : created;
  return TRUE;
}

static int
open_or_create (StViewRoot *root,
                const char *path,
                int         flags,
                guint       mode,
                gboolean    guarded,
                GError    **error)
{
  int fd;
  if (flags & O_DIRECTORY)
    return fail (error, -EINVAL);
  for (int i = 0; i < MAX_TRIES; i++)
    if (try_to_create (root, path, flags, mode, guarded, &fd, error))
      return fd;
  return fail (error, -EBUSY);
}

int
st_view_file_open (StViewRoot *root,
                   const char *path,
                   int         flags,
                   guint       mode,
                   gboolean    guarded,
                   GError    **error)
{
  gboolean may_create = (flags & O_CREAT) && !(flags & O_PATH) && !is_temporary (flags);
  gboolean check = guarded && is_writing (flags);
  return (may_create ? open_or_create : open_existing) (root, path, flags, mode, check, error);
}

/* Nothing but files with content: opening others may wait or do something. */
static gboolean
require_regular (int         fd,
                 StViewFile *file,
                 GError    **error)
{
  int result = st_view_inspect (fd, file);
  if (result == 0 && S_ISDIR (file->mode))
    result = -EISDIR;
  if (result < 0)
    return st_view_set_result (error, result);
  if (S_ISREG (file->mode))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "not a regular file");
  return FALSE;
}

GBytes *
st_view_file_load (StViewRoot *root,
                   const char *path,
                   GError    **error)
{
  StViewFile file;
  char *content = NULL;
  gsize size = 0;
  ST_AUTO_FD found = st_view_root_lookup (root, path, 0, error);
  if (found < 0 || !require_regular (found, &file, error))
    return NULL;
  ST_AUTO_FD fd = st_view_reopen (root->proc, found, O_RDONLY, 0);
  int result = fd < 0 ? fd : st_view_read (fd, file.size, &content, &size);
  if (result == 0)
    return g_bytes_new_with_free_func (content, size, free, content);
  st_view_set_result (error, result);
  return NULL;
}

/* What is mounted on a file would be gone after a rename from outside. */
static gboolean
require_no_mount (const StViewPlace *place,
                  const StViewFile  *file,
                  GError           **error)
{
  StViewFile directory;
  int result = st_view_inspect (place->directory, &directory);
  if (result < 0)
    return st_view_set_result (error, result);
  if (file->mount_id == directory.mount_id)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "something is mounted on it (cover it anew, or open it and write)");
  return FALSE;
}

static gboolean
check_replaced (StViewRoot        *root,
                const StViewPlace *place,
                gboolean           guarded,
                GError           **error)
{
  StViewFile file;
  return require_regular (place->target, &file, error) && require_no_mount (place, &file, error) &&
         (!guarded || (st_view_guard_check (root, place->target, error) && st_view_guard_check (root, place->directory, error)));
}

gboolean
st_view_file_replace (StViewRoot *root,
                      const char *path,
                      GBytes     *content,
                      gboolean    guarded,
                      GError    **error)
{
  g_auto (StViewPlace) place = ST_VIEW_NO_PLACE;
  if (!st_view_root_find (root, path, TRUE, &place, error))
    return FALSE;
  if (place.target >= 0 ? !check_replaced (root, &place, guarded, error)
                        : guarded && !st_view_guard_check (root, place.directory, error))
    return FALSE;

  gsize size;
  const void *data = g_bytes_get_data (content, &size);
  int result = st_view_replace (place.directory, place.name, place.target, data, size);
  return result == 0 || st_view_set_result (error, result);
}

static void
collect_name (const char *name,
              void       *names)
{
  g_ptr_array_add (names, g_strdup (name));
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
st_view_file_list (StViewRoot *root,
                   const char *path,
                   GError    **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  ST_AUTO_FD directory = st_view_root_lookup (root, path, O_DIRECTORY, error);
  int result = directory < 0 ? 0 : st_view_list (directory, collect_name, names);
  if (result < 0)
    st_view_set_result (error, result);
  if (directory < 0 || result < 0)
    return NULL;
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}

typedef struct
{
  int proc;
  int fd;
  char *path;
} Naming;

static gboolean
name_inside (gpointer data,
             GError **error)
{
  Naming *naming = data;
  int result = st_view_get_path (naming->proc, naming->fd, &naming->path);
  return result == 0 || st_view_set_result (error, result);
}

/* Asked inside: paths are told from the root of who asks. */
char *
st_view_file_resolve (StViewRoot *root,
                      const char *path,
                      GError    **error)
{
  ST_AUTO_FD found = st_view_root_lookup (root, path, 0, error);
  Naming naming = { root->proc, found, NULL };
  if (found < 0 || !st_view_root_run_or_stay (root, name_inside, &naming, error))
    return NULL;
  char *resolved = g_strdup (naming.path);
  free (naming.path);
  return resolved;
}
