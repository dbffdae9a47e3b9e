/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-transient-mntns-private.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-mount-overlay.h"
#include "st-mount-sysfs.h"
#include "st-mount.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Mounts something, unless that could be seen elsewhere. */
static gboolean
check_place (const char *what,
             const char *path,
             gboolean    follow,
             GError    **error)
{
  int shared = st_mount_is_shared (path, follow);
  if (shared < 0)
    st_error_set_result (error, shared, "cannot mount %s on %.256s", what, path);
  else if (shared)
    st_error_set (error, ST_ERROR_WOULD_TOUCH_HOST,
                  "cannot mount %s on %.256s: it is shared, so other mount namespaces would see it (mount --make-rprivate inside)", what, path);
  return shared == 0;
}

static gboolean
report (int         result,
        const char *what,
        const char *path,
        GError    **error)
{
  if (result < 0)
    st_error_set_result (error, result, "cannot mount %s on %.256s", what, path);
  return result == 0;
}

static gboolean
mount_sysfs_inside (gpointer data,
                    GError **error)
{
  StTransientWork *work = data;
  return check_place ("sysfs", "/sys", TRUE, error) && report (st_transient_mntns_note_sysfs (work, st_mount_sysfs ()), "sysfs", "/sys", error);
}

/* @number: the errno of mounting it, here or in a helper. */
void
st_transient_mntns_set_no_proc (GError **error,
                                int      number)
{
  if (number == EPERM)
    st_error_set (error, ST_ERROR_PERMISSION_DENIED,
                  "cannot mount proc on /proc: %s (the PID namespace is not of the own user namespace; run under \"spacetest run --pid\", or "
                  "see docs: privileges)",
                  g_strerror (number));
  else
    st_error_set_result (error, -number, "cannot mount proc on /proc");
}

static gboolean
mount_proc_inside (gpointer data,
                   GError **error)
{
  if (!check_place ("proc", "/proc", TRUE, error))
    return FALSE;
  const int result = st_mount_proc ();
  if (result < 0)
    st_transient_mntns_set_no_proc (error, -result);
  return result == 0;
}

static gboolean
mount_tmpfs_inside (gpointer data,
                    GError **error)
{
  const StTransientWork *work = data;
  return check_place ("tmpfs", work->path, TRUE, error) && report (st_mount_tmpfs (work->path, work->size), "tmpfs", work->path, error);
}

static gboolean
overlay_file_inside (gpointer data,
                     GError **error)
{
  const StTransientWork *work = data;
  gsize size;
  const void *content = g_bytes_get_data (work->content, &size);
  return check_place ("an overlay", work->path, FALSE, error) &&
         report (st_mount_overlay_file (work->path, content, size), "an overlay", work->path, error);
}

static gboolean
open_root_inside (gpointer data,
                  GError **error)
{
  StTransientWork *work = data;
  work->root = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return work->root >= 0 || report (-errno, "nothing", "/", error);
}

static gboolean
ask_broker (StHandle       *mnt,
            StWireMountWhat what,
            StTransientWork *work,
            GError        **error)
{
  StBrokerMount mount = { .what = what, .path = work->path, .size = work->size, .content = work->content };
  g_autoptr (StHandle) network = NULL;
  if (what == ST_WIRE_MOUNT_SYSFS)
    mount.network = network = st_handle_new_current (&st_kinds[ST_KIND_NET], error);
  if ((what == ST_WIRE_MOUNT_SYSFS && !network) || !st_broker_mount (mnt, &mount, error))
    return FALSE;
  work->sysfs = mount.sysfs;
  return TRUE;
}

/* The broker does what the caller may not. */
static gboolean
mount_inside (StTransientMntns *self,
              StWireMountWhat   what,
              StTransientWork  *work,
              GError          **error)
{
  static const StFunc funcs[] = {
    [ST_WIRE_MOUNT_PROC] = mount_proc_inside,
    [ST_WIRE_MOUNT_SYSFS] = mount_sysfs_inside,
    [ST_WIRE_MOUNT_TMPFS] = mount_tmpfs_inside,
    [ST_WIRE_MOUNT_OVERLAY] = overlay_file_inside,
  };
  GError *refusal = NULL;
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (ST_NAMESPACE_REF (self), error);
  if (!handle)
    return FALSE;
  if (st_transient_mntns_do (handle, NULL, funcs[what], work, &refusal))
    return TRUE;
  if (st_broker_takes_over (handle, &refusal))
    return ask_broker (handle, what, work, error);
  g_propagate_error (error, refusal);
  return FALSE;
}

static gboolean
open_root (StNamespaceRef  *self,
           StTransientWork *work,
           GError         **error)
{
  GError *refusal = NULL;
  int table;
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (self, error);
  if (!handle)
    return FALSE;
  if (st_transient_mntns_do (handle, NULL, open_root_inside, work, &refusal))
    return TRUE;
  if (!st_broker_takes_over (handle, &refusal))
    {
      g_propagate_error (error, refusal);
      return FALSE;
    }
  if (!st_broker_open_root (handle, &work->root, &table, error))
    return FALSE;
  close (table);
  return TRUE;
}

/**
 * st_transient_mntns_mount_sysfs:
 * @self: a mount namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Mounts a new read-only [sysfs(5)](man:sysfs(5)) on `/sys` that shows the caller's network.
 *
 * What was mounted below, `/sys/fs/cgroup` for example, is still there. Where the kernel refuses a new sysfs, `/sys/class/net`
 * is made empty instead; [property@Spacetest.TransientMntns:sysfs] tells which.
 *
 * Returns: %TRUE if it is mounted
 *
 * Since: 0.1
 */
gboolean
st_transient_mntns_mount_sysfs (StTransientMntns *self,
                                GError          **error)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), FALSE);
  StTransientWork work = { 0 };
  if (!mount_inside (self, ST_WIRE_MOUNT_SYSFS, &work, error))
    return FALSE;
  GMutex *lock = &((StNamespaceRef *) self)->lock;
  g_mutex_lock (lock);
  self->sysfs = work.sysfs;
  g_mutex_unlock (lock);
  g_object_notify (G_OBJECT (self), "sysfs");
  return TRUE;
}

/**
 * st_transient_mntns_mount_proc:
 * @self: a mount namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Mounts a new procfs of the caller's PID namespace on `/proc`.
 *
 * Without privilege, that is %ST_ERROR_PERMISSION_DENIED unless the PID namespace belongs to the caller's own user namespace, as after
 * `spacetest run --pid`. A PID namespace from a spacer comes with a `/proc` of its own.
 *
 * Returns: %TRUE if it is mounted
 *
 * Since: 0.1
 */
gboolean
st_transient_mntns_mount_proc (StTransientMntns *self,
                               GError          **error)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), FALSE);
  StTransientWork work = { 0 };
  return mount_inside (self, ST_WIRE_MOUNT_PROC, &work, error);
}

static gboolean
check_path (const char *path,
            GError    **error)
{
  if (g_path_is_absolute (path))
    return TRUE;
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" is not an absolute path", path);
  return FALSE;
}

/**
 * st_transient_mntns_mount_tmpfs:
 * @self: a mount namespace
 * @path: (type filename): absolute path of a directory inside
 * @size: how many bytes it may hold, which the kernel rounds up to whole pages; 0 for its default, half of the memory
 * @error: return location for a [error@Spacetest.Error]
 *
 * Mounts an empty file system in memory, which everybody inside may write to: see [tmpfs(5)](man:tmpfs(5)).
 *
 * Returns: %TRUE if it is mounted
 *
 * Since: 0.1
 */
gboolean
st_transient_mntns_mount_tmpfs (StTransientMntns *self,
                                const char       *path,
                                guint64           size,
                                GError          **error)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  StTransientWork work = { .path = path, .size = size };
  return check_path (path, error) && mount_inside (self, ST_WIRE_MOUNT_TMPFS, &work, error);
}

/**
 * st_transient_mntns_overlay_file:
 * @self: a mount namespace
 * @path: (type filename): absolute path of a file inside
 * @content: what it shall have in it
 * @error: return location for a [error@Spacetest.Error]
 *
 * Covers a file with other content. The file itself stays as it is.
 *
 * Of a symbolic link the link itself is covered, not what it points to. A missing file is %ST_ERROR_NOT_FOUND, as it could only
 * be made on a file system that others see too. Mode and, where they are mapped, owner and group are those of the covered file.
 *
 * Returns: %TRUE if it is covered
 *
 * Since: 0.1
 */
gboolean
st_transient_mntns_overlay_file (StTransientMntns *self,
                                 const char       *path,
                                 GBytes           *content,
                                 GError          **error)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), FALSE);
  g_return_val_if_fail (path != NULL && content != NULL, FALSE);
  StTransientWork work = { .path = path, .content = content };
  return check_path (path, error) && mount_inside (self, ST_WIRE_MOUNT_OVERLAY, &work, error);
}

/**
 * st_transient_mntns_get_root_path:
 * @self: a mount namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets a path by which this process and its children reach the files inside without going there.
 *
 * It is `/proc/PID/fd/N`, and good until the reference is closed. An absolute symbolic link in it leads outside.
 *
 * Returns: (transfer full) (type filename): a path, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
st_transient_mntns_get_root_path (StTransientMntns *self,
                                  GError          **error)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), NULL);
  StNamespaceRef *ref = ST_NAMESPACE_REF (self);
  StTransientWork work = { .root = -1 };
  g_mutex_lock (&ref->lock);
  gboolean is_open = self->root >= 0;
  g_mutex_unlock (&ref->lock);
  if (!is_open && !open_root (ref, &work, error))
    return NULL;

  g_mutex_lock (&ref->lock);
  gboolean closed = !ref->handle;
  if (self->root < 0 && !closed)
    self->root = g_steal_fd (&work.root);
  char *path = closed ? NULL : g_strdup_printf ("/proc/%d/fd/%d", getpid (), self->root);
  g_mutex_unlock (&ref->lock);
  if (work.root >= 0)
    close (work.root);
  if (closed)
    st_error_set_closed (error, "namespace reference");
  return path;
}
