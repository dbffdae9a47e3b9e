/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-capture-file-private.h"

#include "st-result.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean
st_capture_file_set_error (const StCaptureFile *self,
                           int                  result,
                           GError             **error)
{
  g_autofree char *path = g_utf8_make_valid (self->path, -1);
  g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (-result), "cannot write capture file \"%.256s\": %s", path,
               g_strerror (-result));
  return FALSE;
}

/* Waits for nobody who reads a pipe: he must be there. */
static int
open_both (StCaptureFile *self)
{
  g_autofree char *directory = g_path_get_dirname (self->path);
  self->directory = result_of (open (directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (self->directory < 0)
    return self->directory;
  self->fd = result_of (open (self->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666));
  if (self->fd < 0)
    return self->fd;
  return result_of (fcntl (self->fd, F_SETFL, 0));
}

gboolean
st_capture_file_open (StCaptureFile *self,
                      const char    *path,
                      GError       **error)
{
  self->path = g_strdup (path);
  self->name = g_path_get_basename (path);
  int result = open_both (self);
  return result >= 0 || st_capture_file_set_error (self, result, error);
}

/* All of it, or nothing. */
int
st_capture_file_append (StCaptureFile *self,
                        gconstpointer  data,
                        gsize          size)
{
  int result = st_system_write_all (self->fd, data, size);
  if (result == 0)
    self->size += (off_t) size;
  else if (ftruncate (self->fd, self->size) < 0)
    return result; /* not a file that could be cut: it ends in the middle of a block */
  return result;
}

int
st_capture_file_close (StCaptureFile *self)
{
  return result_of (close (g_steal_fd (&self->fd)));
}

/* Unless somebody has put another file in its place. Of what is no file, nothing is removed. */
gboolean
st_capture_file_remove (StCaptureFile *self,
                        GError       **error)
{
  struct stat ours, there;
  if (self->fd < 0 || fstat (self->fd, &ours) < 0 || !S_ISREG (ours.st_mode) ||
      fstatat (self->directory, self->name, &there, AT_SYMLINK_NOFOLLOW) < 0 || there.st_dev != ours.st_dev ||
      there.st_ino != ours.st_ino || unlinkat (self->directory, self->name, 0) == 0)
    return TRUE;
  return st_capture_file_set_error (self, -errno, error);
}

void
st_capture_file_clear (StCaptureFile *self)
{
  if (self->directory >= 0)
    close (self->directory);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self->name);
}
