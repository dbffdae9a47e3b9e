/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-view-root-private.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-kernel.h"
#include "st-mount-table.h"
#include "st-view.h"
#include "st-workshop-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel has it */

void
st_view_clear_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

void
st_view_place_clear (StViewPlace *self)
{
  st_view_clear_fd (&self->target);
  st_view_clear_fd (&self->directory);
  g_clear_pointer (&self->name, g_free);
}

/* FALSE, so that it can be returned; @result is a negated errno. */
gboolean
st_view_set_result (GError **error,
                    int      result)
{
  const char *hint = "";
  if (result == -ELOOP)
    hint = " (links in a circle, or one of those in /proc/PID that lead to no path)";
  else if (result == -EAGAIN)
    hint = " (it has nothing to read now)";
  g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (-result), "%s%s", g_strerror (-result), hint);
  return FALSE;
}

static gboolean
open_root (gpointer data,
           GError **error)
{
  StViewRoot *self = data;
  self->root = st_view_open_root ();
  self->table = self->root < 0 ? self->root : st_mount_table_open (self->proc);
  if (self->table < 0)
    st_error_set_result (error, self->table, "cannot open the root of mnt:[%" G_GUINT64_FORMAT "]", self->mnt->identity.inode);
  return self->table >= 0;
}

static gboolean
open_inside (StViewRoot *self,
             GError    **error)
{
  GError *refusal = NULL;
  if (st_view_root_run (self, open_root, self, &refusal))
    return TRUE;
  if (st_broker_takes_over (self->mnt, &refusal))
    return st_broker_open_root (self->mnt, &self->root, &self->table, error);
  g_propagate_error (error, refusal);
  return FALSE;
}

static gboolean
open_proc (gpointer data,
           GError **error)
{
  StViewRoot *self = data;
  self->proc = st_view_open_proc ();
  if (self->proc < 0)
    st_error_set_result (error, self->proc, "cannot find this process in /proc");
  return self->proc >= 0;
}

/* Takes @mnt. */
StViewRoot *
st_view_root_new (StHandle *mnt,
                  GError  **error)
{
  const StHandleSet home = { 0 };
  g_autoptr (StViewRoot) self = g_new (StViewRoot, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->mnt = mnt;
  self->root = self->proc = self->table = -1;
  if (!st_workshop_run (&home, open_proc, self, error) || !open_inside (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

StViewRoot *
st_view_root_ref (StViewRoot *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
st_view_root_unref (StViewRoot *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  st_view_clear_fd (&self->root);
  st_view_clear_fd (&self->proc);
  st_view_clear_fd (&self->table);
  st_handle_unref (self->mnt);
  g_free (self);
}

/* Runs a function in the namespace. */
gboolean
st_view_root_run (StViewRoot *self,
                  StFunc      func,
                  gpointer    user_data,
                  GError    **error)
{
  StHandleSet inside = { 0 };
  inside.of_kind[ST_KIND_MNT] = self->mnt;
  return st_workshop_run (&inside, func, user_data, error);
}

typedef struct
{
  int root;
  const char *path;
  int flags;
  int fd;
} Walk;

static gboolean
walk (gpointer data,
      GError **error)
{
  Walk *self = data;
  self->fd = st_view_walk (self->root, self->path, self->flags);
  return TRUE;
}

/* The same for what can be done from here as well, by who may not go there: only what a procfs says of who looks at it is another
 * then. */
gboolean
st_view_root_run_or_stay (StViewRoot *self,
                          StFunc      func,
                          gpointer    user_data,
                          GError    **error)
{
  GError *refusal = NULL;
  if (st_view_root_run (self, func, user_data, &refusal))
    return TRUE;
  if (st_broker_takes_over (self->mnt, &refusal))
    return func (user_data, error);
  g_propagate_error (error, refusal);
  return FALSE;
}

/* Gives a descriptor that can do nothing (O_PATH), or -1. */
int
st_view_root_lookup (StViewRoot *self,
                     const char *path,
                     int         flags,
                     GError    **error)
{
  int fd = st_view_lookup (self->root, path, flags);
  if (st_kernel_is_missing (fd))
    {
      Walk by_hand = { self->root, path, flags, -1 };
      if (!st_view_root_run_or_stay (self, walk, &by_hand, error))
        return -1;
      fd = by_hand.fd;
    }
  if (fd >= 0)
    return fd;
  st_view_set_result (error, fd);
  return -1;
}

/* Where a name begins that can be that of a file, or NULL. */
static const char *
find_name (const char *path)
{
  const char *name = strrchr (path, '/') + 1;
  return *name == '\0' || g_str_equal (name, ".") || g_str_equal (name, "..") ? NULL : name;
}

static gboolean
is_link (int fd)
{
  struct stat status;
  return fstat (fd, &status) == 0 && S_ISLNK (status.st_mode);
}

static gboolean
find_once (StViewRoot  *self,
           const char  *path,
           StViewPlace *place,
           GError     **error)
{
  const char *name = find_name (path);
  if (!name)
    {
      place->target = st_view_root_lookup (self, path, 0, error);
      return place->target >= 0;
    }

  g_autofree char *directory = g_strndup (path, (gsize) (name - path));
  place->name = g_strdup (name);
  place->directory = st_view_root_lookup (self, directory, O_DIRECTORY, error);
  if (place->directory < 0)
    return FALSE;
  int target = st_view_open_name (place->directory, name);
  place->target = target < 0 ? -1 : target;
  return target >= 0 || target == -ENOENT || st_view_set_result (error, target);
}

/* The path that a link in @path leads to. */
static char *
follow_link (const char        *path,
             const StViewPlace *place,
             GError           **error)
{
  char *target = NULL;
  int result = st_view_read_link (place->target, &target);
  if (result < 0)
    {
      st_view_set_result (error, result);
      return NULL;
    }
  char *next = target[0] == '/' ? g_strdup (target)
                                : g_strdup_printf ("%.*s%s", (int) (find_name (path) - path), path, target);
  free (target);
  return next;
}

/* As for opening a file that may have to be made: the last link is followed by hand, since it may lead to nothing yet. */
gboolean
st_view_root_find (StViewRoot  *self,
                   const char  *path,
                   gboolean     follow,
                   StViewPlace *place,
                   GError     **error)
{
  g_autofree char *current = g_strdup (path);
  for (int i = 0; i <= MAX_LINKS; i++)
    {
      st_view_place_clear (place);
      if (!find_once (self, current, place, error))
        return FALSE;
      if (!follow || place->target < 0 || !is_link (place->target))
        return TRUE;
      char *next = follow_link (current, place, error);
      if (!next)
        return FALSE;
      g_free (current);
      current = next;
    }
  return st_view_set_result (error, -ELOOP);
}

static gboolean
find_by_hand (gpointer data,
              GError **error)
{
  Walk *self = data;
  self->fd = st_view_find_namespace (self->root, self->path, st_view_walk);
  return TRUE;
}

static gboolean
find_namespace (StViewRoot *self,
                const char *path,
                int        *fd,
                GError    **error)
{
  *fd = st_view_find_namespace (self->root, path, st_view_lookup);
  if (!st_kernel_is_missing (*fd))
    return TRUE;
  Walk by_hand = { self->root, path, 0, -1 };
  if (!st_view_root_run_or_stay (self, find_by_hand, &by_hand, error))
    return FALSE;
  *fd = by_hand.fd;
  return TRUE;
}

/* The namespace behind an absolute path inside; nothing else is opened. */
StHandle *
st_view_root_open_namespace (StViewRoot *self,
                             const char *path,
                             GError    **error)
{
  ST_AUTO_FD found = -1;
  if (!find_namespace (self, path, &found, error))
    return NULL;
  int result = found < 0 ? found : st_view_is_namespace (found);
  if (result >= 0)
    result = st_view_reopen (self->proc, found, O_RDONLY, 0);
  if (result >= 0)
    return st_handle_new_take (result, NULL, error);
  st_error_set_result (error, result, "cannot open namespace %.256s in mnt:[%" G_GUINT64_FORMAT "]", path, self->mnt->identity.inode);
  return NULL;
}
