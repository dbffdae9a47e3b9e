/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-pin.h"

#include "st-error-private.h"
#include "st-namespace-ref-private.h"
#include "st-pin-mount.h"
#include "st-thread-private.h"
#include "st-workshop-private.h"

#include <errno.h>
#include <unistd.h>

/**
 * StPin:
 *
 * A namespace that is bound to a file, as `ip netns add` does it, for as long as this object lives.
 *
 * Other programs can find the namespace by the path, and it stays though no process is in it. The file is mounted on in the mount
 * namespace of the thread that makes the pin, by [mount(2)](man:mount(2)), and unmounted there, whichever thread closes it. A file that was missing is
 * made, and removed again.
 *
 * A pin ends with its object, with [method@Spacetest.Pin.close], or when the process exits. Nobody unmounts those of a process that is killed:
 * [func@Spacetest.Pin.list] finds them, `umount PATH` removes them. A forked child leaves its parent's pins alone.
 *
 * ```c
 * g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
 * g_autoptr (StPin) pin = st_pin_new (ST_NAMESPACE_REF (net), "/run/netns/blue", &error);
 * ```
 *
 * All methods can be called from any thread.
 *
 * Since: 0.1
 */
struct _StPin
{
  GObject parent_instance;

  char *path;         /* once and for all; NULL in a pin made without its constructor */
  pid_t process;

  GMutex lock;
  StHandle *mnt;      /* where it is mounted; NULL once closed; guarded by lock, as is mount */
  StPinMount mount;
};

G_DEFINE_FINAL_TYPE (StPin, st_pin, G_TYPE_OBJECT)

enum
{
  PROP_CLOSED = 1,
  PROP_PATH,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* Those that are not closed, for the end of the process. */
static GMutex open_pins_lock;
static GList *open_pins;

static void
remember (StPin *self)
{
  g_mutex_lock (&open_pins_lock);
  open_pins = g_list_prepend (open_pins, self);
  g_mutex_unlock (&open_pins_lock);
}

static void
forget (StPin *self)
{
  g_mutex_lock (&open_pins_lock);
  open_pins = g_list_remove (open_pins, self);
  g_mutex_unlock (&open_pins_lock);
}

static StPin *
take_open_pin (void)
{
  g_mutex_lock (&open_pins_lock);
  StPin *pin = open_pins ? g_object_ref (open_pins->data) : NULL;
  if (pin)
    open_pins = g_list_delete_link (open_pins, open_pins);
  g_mutex_unlock (&open_pins_lock);
  return pin;
}

__attribute__ ((destructor)) static void
close_open_pins (void)
{
  for (StPin *pin; (pin = take_open_pin ()); g_object_unref (pin))
    st_pin_close (pin, NULL);
}

static gboolean
unmount (gpointer data,
         GError **error)
{
  const StPin *self = data;
  int result = st_pin_mount_detach (self->path, &self->mount);
  if (result < 0)
    st_error_set_result (error, result, "cannot unmount %.256s%s", self->path,
                         result == -EBUSY ? ": something else is mounted over the namespace" : "");
  return result == 0;
}

/* On the calling thread, if that is in the right mount namespace. */
static gboolean
unmount_there (StPin   *self,
               GError **error)
{
  StHandleSet there = { 0 };
  there.of_kind[ST_KIND_MNT] = self->mnt;
  g_autoptr (StHandle) here = st_handle_new_current (&st_kinds[ST_KIND_MNT], NULL);
  if (here && st_system_is_same (&here->identity, &self->mnt->identity))
    return unmount (self, error);
  return st_workshop_run (&there, unmount, self, error);
}

/**
 * st_pin_close:
 * @self: a pin
 * @error: return location for a [error@Spacetest.Error]
 *
 * Unmounts the namespace from its file, and removes the file if it was made for that.
 *
 * It is good as well if somebody else has unmounted it, or if it is closed already. If it can't be unmounted, for example by a thread that
 * has given up its capabilities or because something else was mounted over it, the pin is still open.
 *
 * Returns: %TRUE if the namespace is pinned there no more; %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_pin_close (StPin   *self,
              GError **error)
{
  g_return_val_if_fail (ST_IS_PIN (self), FALSE);
  gboolean closed = TRUE, notify = FALSE;
  g_mutex_lock (&self->lock);
  if (self->mnt)
    {
      notify = closed = self->process != getpid () || unmount_there (self, error);
      if (closed)
        g_clear_pointer (&self->mnt, st_handle_unref);
    }
  g_mutex_unlock (&self->lock);
  if (!notify)
    return closed;
  forget (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOSED]);
  return TRUE;
}

static void
st_pin_get_property (GObject    *object,
                     guint       id,
                     GValue     *value,
                     GParamSpec *pspec)
{
  StPin *self = ST_PIN (object);
  if (id == PROP_CLOSED)
    g_value_set_boolean (value, st_pin_is_closed (self));
  else if (id == PROP_PATH)
    g_value_set_string (value, self->path);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_pin_dispose (GObject *object)
{
  g_autoptr (GError) error = NULL;
  if (!st_pin_close (ST_PIN (object), &error))
    g_warning ("%s", error->message);
  G_OBJECT_CLASS (st_pin_parent_class)->dispose (object);
}

static void
st_pin_finalize (GObject *object)
{
  StPin *self = ST_PIN (object);
  forget (self);
  g_clear_pointer (&self->mnt, st_handle_unref);
  g_free (self->path);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (st_pin_parent_class)->finalize (object);
}

static void
st_pin_class_init (StPinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_pin_get_property;
  object_class->dispose = st_pin_dispose;
  object_class->finalize = st_pin_finalize;

  /**
   * StPin:closed: (getter is_closed)
   *
   * Whether the namespace is pinned no more.
   *
   * Since: 0.1
   */
  properties[PROP_CLOSED] =
    g_param_spec_boolean ("closed", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * StPin:path: (getter get_path)
   *
   * The file that the namespace is bound to.
   *
   * Since: 0.1
   */
  properties[PROP_PATH] =
    g_param_spec_string ("path", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_pin_init (StPin *self)
{
  g_mutex_init (&self->lock);
}

static void
set_point_error (GError    **error,
                 int         result,
                 gboolean    at_home,
                 const char *path)
{
  if (result == -EEXIST)
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "cannot pin on %.256s: a namespace is pinned there already", path);
  else if (result == -ENOTEMPTY)
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "cannot pin on %.256s: the file is not empty, and nobody could read it meanwhile", path);
  else
    st_error_set_result (error, result, "cannot pin on %.256s%s", path,
                         result == -EINVAL                 ? ": it is not a regular file"
                         : result == -ENOENT && !at_home ? ": away from home no file is made, since the host might see it"
                                                         : "");
}

/* What is mounted where others see it is meant to be seen, if that is at home; but a mount namespace can't be. */
static gboolean
check_shared (int           point,
              const StKind *kind,
              gboolean      at_home,
              const char   *path,
              GError      **error)
{
  const int shared = st_pin_mount_is_shared (point);
  if (shared < 0)
    st_error_set_result (error, shared, "cannot pin on %.256s", path);
  else if (shared && !at_home)
    st_error_set (error, ST_ERROR_WOULD_TOUCH_HOST,
                  "cannot pin on %.256s: it is shared, so other mount namespaces would see it (mount --make-rprivate inside)", path);
  else if (shared && kind->index == ST_KIND_MNT)
    st_error_set (error, ST_ERROR_NOT_SUPPORTED,
                  "cannot pin a mnt namespace on %.256s: it is shared, and a mnt namespace needs a private mount "
                  "(mount --bind DIRECTORY DIRECTORY; mount --make-private DIRECTORY)",
                  path);
  else
    return TRUE;
  return FALSE;
}

static gboolean
attach (StPin    *self,
        StHandle *handle,
        int       point,
        gboolean  at_home,
        GError  **error)
{
  const StKind *kind = handle->kind;
  if (!check_shared (point, kind, at_home, self->path, error))
    return FALSE;
  const int result = st_pin_mount_attach (handle->fd, point, self->path, &self->mount);
  if (result < 0)
    st_error_set_result (error, result, "cannot pin a %s namespace on %.256s%s", kind->name, self->path,
                         kind->index == ST_KIND_MNT && (result == -EINVAL || result == -ELOOP)
                           ? ": a mnt namespace can be pinned in one that is older, and not in itself" : "");
  return result == 0;
}

static gboolean
make (StPin    *self,
      StHandle *handle,
      GError  **error)
{
  g_autoptr (StHandle) mnt = st_handle_new_current (&st_kinds[ST_KIND_MNT], error);
  if (!mnt)
    return FALSE;
  const gboolean at_home = st_thread_is_home (mnt->kind) > 0;
  const int point = st_pin_mount_open_point (self->path, at_home, &self->mount);
  if (point < 0)
    {
      set_point_error (error, point, at_home, self->path);
      return FALSE;
    }
  const gboolean attached = attach (self, handle, point, at_home, error);
  close (point);
  if (attached)
    self->mnt = g_steal_pointer (&mnt);
  else
    st_pin_mount_remove_point (self->path, &self->mount);
  return attached;
}

/**
 * st_pin_new: (constructor)
 * @reference: a namespace
 * @path: (type filename): an empty file to bind it to; where there is none, it is made, in a directory that must be there
 * @error: return location for a [error@Spacetest.Error]
 *
 * Binds a namespace to a file, in the mount namespace of the calling thread.
 *
 * It takes `CAP_SYS_ADMIN` over that mount namespace, otherwise it is %ST_ERROR_PERMISSION_DENIED. Where a namespace is pinned already, and
 * on a file that has something in it, which would be hidden from everybody, it is %ST_ERROR_INVALID_ARGUMENT; a missing directory is %ST_ERROR_NOT_FOUND.
 *
 * At home, a pin on a shared mount is seen in the mount namespaces that share it, as that of `ip netns add` is. Elsewhere
 * that is refused with %ST_ERROR_WOULD_TOUCH_HOST, and the file must be there. A mount namespace can be pinned on a private mount only, and only in a mount
 * namespace that is older than it, otherwise it is %ST_ERROR_NOT_SUPPORTED or %ST_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a new pin, or %NULL with @error set
 *
 * Since: 0.1
 */
StPin *
st_pin_new (StNamespaceRef *reference,
            const char     *path,
            GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (reference), NULL);
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (reference, error);
  if (!handle)
    return NULL;
  if (!*path)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot pin on a file without a name");
      return NULL;
    }
  g_autoptr (StPin) self = g_object_new (ST_TYPE_PIN, NULL);
  self->path = g_canonicalize_filename (path, NULL);
  self->process = getpid ();
  if (!make (self, handle, error))
    return NULL;
  remember (self);
  return g_steal_pointer (&self);
}

/**
 * st_pin_get_path:
 * @self: a pin
 *
 * Gets the file that the namespace is bound to, or was.
 *
 * Returns: (type filename) (nullable): an absolute path; %NULL in a pin that was made without its constructor
 *
 * Since: 0.1
 */
const char *
st_pin_get_path (StPin *self)
{
  g_return_val_if_fail (ST_IS_PIN (self), NULL);
  return self->path;
}

/**
 * st_pin_is_closed:
 * @self: a pin
 *
 * Tells whether the pin was closed, or was made without its constructor.
 *
 * It does not look whether somebody else has unmounted it.
 *
 * Returns: %TRUE if it holds nothing (any more)
 *
 * Since: 0.1
 */
gboolean
st_pin_is_closed (StPin *self)
{
  g_return_val_if_fail (ST_IS_PIN (self), TRUE);
  g_mutex_lock (&self->lock);
  const gboolean closed = self->mnt == NULL;
  g_mutex_unlock (&self->lock);
  return closed;
}
