/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-mount-view.h"

#include "st-error-private.h"
#include "st-namespace-ref-private.h"
#include "st-view-file-private.h"

#include <string.h>

/**
 * StMountView:
 *
 * The files of another mount namespace, read and written from outside.
 *
 * A view works on any thread, wherever the thread stands, and never takes it anywhere: it keeps the namespace and its root open,
 * but no process and no thread. All paths are absolute, from the root of the namespace. Symbolic links, absolute ones too, are
 * followed inside, and `..` ends at the root. The links in `/proc/PID/fd`, `/proc/PID/root` and the like, which lead to a file
 * without a path, are refused with %G_IO_ERROR_TOO_MANY_LINKS.
 *
 * A file system that both sides have mounted has the same files on both sides. What the host would see is written only if
 * [property@Spacetest.MountView:allow-host] is set, else it is %ST_ERROR_WOULD_TOUCH_HOST. The host is the mount namespace the process is at
 * home in, and the one the calling thread is visiting, if that is not the one of the view. Devices and file systems that are
 * interfaces of the kernel, such as procfs, sysfs and cgroups, count as the host's wherever they are mounted. So does an overlay
 * whose upper directory is on the host, or not to be found inside.
 *
 * What `/proc` inside says of the reader (`/proc/self`, `/proc/net`) is said of the caller, who reads it, as far as its process is
 * known there.
 *
 * Failures in files have %G_IO_ERROR codes as in GIO; all others, such as %ST_ERROR_CLOSED, are [error@Spacetest.Error].
 *
 * ```c
 * g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
 * if (mntns == NULL || !st_transient_mntns_mount_tmpfs (mntns, "/mnt", 0, &error))
 *   return FALSE;
 * g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
 * g_autoptr (GBytes) note = g_bytes_new_static ("hello", 5);
 * if (view == NULL || !st_mount_view_replace (view, "/mnt/note", note, &error))
 *   return FALSE;
 * ```
 *
 * Since: 0.1
 */
struct _StMountView
{
  GObject parent_instance;

  StNamespaceRef *ref; /* NULL in a view that was made without its constructor */
  gint allow_host;     /* atomic */

  GMutex lock;
  StViewRoot *root;    /* guarded by lock; NULL once closed */
};

G_DEFINE_FINAL_TYPE (StMountView, st_mount_view, G_TYPE_OBJECT)

enum
{
  PROP_ALLOW_HOST = 1,
  PROP_CLOSED,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
st_mount_view_get_property (GObject    *object,
                            guint       id,
                            GValue     *value,
                            GParamSpec *pspec)
{
  StMountView *self = ST_MOUNT_VIEW (object);
  if (id == PROP_ALLOW_HOST)
    g_value_set_boolean (value, st_mount_view_get_allow_host (self));
  else if (id == PROP_CLOSED)
    g_value_set_boolean (value, st_mount_view_is_closed (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_mount_view_set_property (GObject      *object,
                            guint         id,
                            const GValue *value,
                            GParamSpec   *pspec)
{
  if (id == PROP_ALLOW_HOST)
    st_mount_view_set_allow_host (ST_MOUNT_VIEW (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_mount_view_dispose (GObject *object)
{
  st_mount_view_close (ST_MOUNT_VIEW (object));
  G_OBJECT_CLASS (st_mount_view_parent_class)->dispose (object);
}

static void
st_mount_view_finalize (GObject *object)
{
  StMountView *self = ST_MOUNT_VIEW (object);
  g_clear_object (&self->ref);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (st_mount_view_parent_class)->finalize (object);
}

static void
st_mount_view_class_init (StMountViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_mount_view_get_property;
  object_class->set_property = st_mount_view_set_property;
  object_class->dispose = st_mount_view_dispose;
  object_class->finalize = st_mount_view_finalize;

  /**
   * StMountView:allow-host: (getter get_allow_host) (setter set_allow_host)
   *
   * Whether files are written even if the host would see it.
   *
   * Since: 0.1
   */
  properties[PROP_ALLOW_HOST] =
    g_param_spec_boolean ("allow-host", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * StMountView:closed: (getter is_closed)
   *
   * Whether the view holds nothing (any more).
   *
   * Since: 0.1
   */
  properties[PROP_CLOSED] = g_param_spec_boolean ("closed", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_mount_view_init (StMountView *self)
{
  g_mutex_init (&self->lock);
}

/**
 * st_mount_view_new: (constructor)
 * @mntns: a reference to a mount namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens a view of a mount namespace.
 *
 * A reference of another kind is %ST_ERROR_WRONG_TYPE. Looking into a mount namespace other than that of the process needs
 * `CAP_SYS_ADMIN` and `CAP_SYS_CHROOT`, as [setns(2)](man:setns(2)) does. Whoever has not got them can still look into what
 * belongs to a user namespace of his own, such as the mount namespace of an `unshare --user --mount` that he started: the default
 * spacer ([func@Spacetest.Spacer.get_default]) goes there for him, unless [func@Spacetest.Spacer.set_policy] forbids it. Anything else is
 * %ST_ERROR_PERMISSION_DENIED. Where the process is at home it must be known in `/proc`.
 *
 * What only a path inside of another mount namespace leads to is opened by [ctor@Spacetest.NamespaceRef.new_for_chain] first.
 *
 * The view needs @mntns no longer; it goes on after that is closed.
 *
 * Returns: (transfer full): a new view, or %NULL with @error set
 *
 * Since: 0.1
 */
StMountView *
st_mount_view_new (StNamespaceRef *mntns,
                   GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (mntns), NULL);
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (mntns, error);
  if (!handle)
    return NULL;
  if (handle->kind->index != ST_KIND_MNT)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_WRONG_TYPE, "a view is of a mnt namespace, not of %s:[%" G_GUINT64_FORMAT "]", handle->kind->name,
                   handle->identity.inode);
      return NULL;
    }
  StViewRoot *root = st_view_root_new (g_steal_pointer (&handle), error);
  if (!root)
    return NULL;
  StMountView *self = g_object_new (ST_TYPE_MOUNT_VIEW, NULL);
  self->ref = g_object_ref (mntns);
  self->root = root;
  return self;
}

/**
 * st_mount_view_get_ref:
 * @self: a view
 *
 * Gets the reference that the view was made of, which may be closed by now.
 *
 * Returns: (transfer none) (nullable): the reference; %NULL if @self was made without its constructor
 *
 * Since: 0.1
 */
StNamespaceRef *
st_mount_view_get_ref (StMountView *self)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), NULL);
  return self->ref;
}

/**
 * st_mount_view_get_allow_host: (get-property allow-host)
 * @self: a view
 *
 * Whether files are written even if the host would see it.
 *
 * Returns: %TRUE if they are
 *
 * Since: 0.1
 */
gboolean
st_mount_view_get_allow_host (StMountView *self)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), FALSE);
  return g_atomic_int_get (&self->allow_host) != 0;
}

/**
 * st_mount_view_set_allow_host: (set-property allow-host)
 * @self: a view
 * @allow_host: %TRUE to write files even if the host would see it
 *
 * Lifts or restores the refusal of %ST_ERROR_WOULD_TOUCH_HOST, for this view.
 *
 * Since: 0.1
 */
void
st_mount_view_set_allow_host (StMountView *self,
                              gboolean     allow_host)
{
  g_return_if_fail (ST_IS_MOUNT_VIEW (self));
  if (g_atomic_int_compare_and_exchange (&self->allow_host, !allow_host, !!allow_host))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ALLOW_HOST]);
}

/* What is needed to use @path, or NULL. */
static StViewRoot *
begin (StMountView *self,
       const char  *path,
       GError     **error)
{
  g_mutex_lock (&self->lock);
  g_autoptr (StViewRoot) root = self->root ? st_view_root_ref (self->root) : NULL;
  g_mutex_unlock (&self->lock);
  if (!root)
    {
      st_error_set_closed (error, "mount view");
      return NULL;
    }
  if (path[0] == '/')
    return g_steal_pointer (&root);
  g_autofree char *shown = g_utf8_make_valid (path, (gssize) strnlen (path, 256));
  g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "\"%s\" is not an absolute path", shown);
  return NULL;
}

/* Says what could not be done to which file. */
static void
explain (const StViewRoot *root,
         const char       *what,
         const char       *path,
         GError          **error)
{
  g_autofree char *shown = g_utf8_make_valid (path, (gssize) strnlen (path, 256));
  g_prefix_error (error, "cannot %s %s in mnt:[%" G_GUINT64_FORMAT "]: ", what, shown, root->mnt->identity.inode);
}

/**
 * st_mount_view_open:
 * @self: a view
 * @path: (type filename): absolute path inside
 * @flags: flags as for [open(2)](man:open(2)), `O_RDONLY` for example
 * @mode: permissions of a file that is made, less the umask of the calling thread
 * @error: return location for a %GError
 *
 * Opens a file, or makes it with `O_CREAT`, and gives a close-on-exec descriptor of it.
 *
 * All flags with which files can be written (`O_WRONLY`, `O_RDWR`, `O_CREAT`, `O_TRUNC`, `O_APPEND`, `O_TMPFILE`) are
 * %ST_ERROR_WOULD_TOUCH_HOST where the host would see it. Never waits: a FIFO that nobody reads can't be opened for writing
 * only. A terminal never becomes that of the process.
 *
 * A descriptor of a directory is good for everything below, and what is made by it is not checked any more.
 *
 * Returns: a descriptor, which the caller must close, or -1 with @error set
 *
 * Since: 0.1
 */
int
st_mount_view_open (StMountView *self,
                    const char  *path,
                    int          flags,
                    guint        mode,
                    GError     **error)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), -1);
  g_return_val_if_fail (path != NULL, -1);
  g_autoptr (StViewRoot) root = begin (self, path, error);
  if (!root)
    return -1;
  int fd = st_view_file_open (root, path, flags, mode, !st_mount_view_get_allow_host (self), error);
  if (fd < 0)
    explain (root, "open", path, error);
  return fd;
}

/**
 * st_mount_view_load:
 * @self: a view
 * @path: (type filename): absolute path inside
 * @error: return location for a %GError
 *
 * Reads a whole file into memory.
 *
 * Only a regular file, those in `/proc` and `/sys` included. A directory is %G_IO_ERROR_IS_DIRECTORY; FIFOs, sockets and devices
 * are %G_IO_ERROR_NOT_REGULAR_FILE and are not opened at all. A file in `/proc` that would wait for something to read is
 * %G_IO_ERROR_WOULD_BLOCK.
 *
 * Returns: (transfer full): the content, or %NULL with @error set
 *
 * Since: 0.1
 */
GBytes *
st_mount_view_load (StMountView *self,
                    const char  *path,
                    GError     **error)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (StViewRoot) root = begin (self, path, error);
  if (!root)
    return NULL;
  GBytes *content = st_view_file_load (root, path, error);
  if (!content)
    explain (root, "load", path, error);
  return content;
}

/**
 * st_mount_view_replace:
 * @self: a view
 * @path: (type filename): absolute path inside of a file, which need not be there
 * @content: what it shall have in it
 * @error: return location for a %GError
 *
 * Gives a file new content, all at once: whoever reads it gets the old or the new.
 *
 * What is there must be a regular file. It keeps its mode and, where they can be given, owner and group; the mode of a new file is
 * 0666, less the umask of the calling thread. If the last name is a symbolic link, what it leads to is replaced, or made.
 *
 * Where the host would see it, it is %ST_ERROR_WOULD_TOUCH_HOST. A file that something is mounted on, by
 * [method@Spacetest.TransientMntns.overlay_file] for example, is %G_IO_ERROR_BUSY. If it fails, the file is as it was.
 *
 * Returns: %TRUE if the file has the new content
 *
 * Since: 0.1
 */
gboolean
st_mount_view_replace (StMountView *self,
                       const char  *path,
                       GBytes      *content,
                       GError     **error)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), FALSE);
  g_return_val_if_fail (path != NULL && content != NULL, FALSE);
  g_autoptr (StViewRoot) root = begin (self, path, error);
  if (!root)
    return FALSE;
  gboolean done = st_view_file_replace (root, path, content, !st_mount_view_get_allow_host (self), error);
  if (!done)
    explain (root, "replace", path, error);
  return done;
}

/**
 * st_mount_view_list:
 * @self: a view
 * @path: (type filename): absolute path inside of a directory
 * @error: return location for a %GError
 *
 * Gets the names of what is in a directory.
 *
 * Returns: (transfer full) (array zero-terminated=1) (element-type filename): the names in the order of their bytes, without `.`
 *   and `..`, or %NULL with @error set
 *
 * Since: 0.1
 */
char **
st_mount_view_list (StMountView *self,
                    const char  *path,
                    GError     **error)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (StViewRoot) root = begin (self, path, error);
  if (!root)
    return NULL;
  char **names = st_view_file_list (root, path, error);
  if (!names)
    explain (root, "list", path, error);
  return names;
}

/**
 * st_mount_view_resolve:
 * @self: a view
 * @path: (type filename): absolute path inside of something that is there
 * @error: return location for a %GError
 *
 * Follows all symbolic links.
 *
 * Returns: (transfer full) (type filename): the absolute path inside that has no links, `.` and `..` in it, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
st_mount_view_resolve (StMountView *self,
                       const char  *path,
                       GError     **error)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (StViewRoot) root = begin (self, path, error);
  if (!root)
    return NULL;
  char *resolved = st_view_file_resolve (root, path, error);
  if (!resolved)
    explain (root, "resolve", path, error);
  return resolved;
}

/**
 * st_mount_view_is_closed: (get-property closed)
 * @self: a view
 *
 * Whether the view holds nothing (any more).
 *
 * Returns: %TRUE after [method@Spacetest.MountView.close], and if @self was made without its constructor
 *
 * Since: 0.1
 */
gboolean
st_mount_view_is_closed (StMountView *self)
{
  g_return_val_if_fail (ST_IS_MOUNT_VIEW (self), TRUE);
  g_mutex_lock (&self->lock);
  gboolean closed = self->root == NULL;
  g_mutex_unlock (&self->lock);
  return closed;
}

/**
 * st_mount_view_close:
 * @self: a view
 *
 * Lets go of the namespace, now. Closing twice is closing once.
 *
 * Descriptors that [method@Spacetest.MountView.open] gave stay open, and what runs on other threads is finished.
 *
 * Since: 0.1
 */
void
st_mount_view_close (StMountView *self)
{
  g_return_if_fail (ST_IS_MOUNT_VIEW (self));
  g_mutex_lock (&self->lock);
  StViewRoot *root = g_steal_pointer (&self->root);
  g_mutex_unlock (&self->lock);
  if (!root)
    return;
  st_view_root_unref (root);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOSED]);
}
