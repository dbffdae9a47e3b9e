/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-transient-mntns-private.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-mount-sysfs.h"
#include "st-mount.h"
#include "st-namespace-ref-private.h"
#include "st-stay-private.h"
#include "st-task-private.h"
#include "st-transient-private.h"
#include "st-workshop-private.h"

#include <errno.h>
#include <unistd.h>

/**
 * StTransientMntns:
 *
 * A new mount table: a private copy of the one the maker stands in. See [mount_namespaces(7)](man:mount_namespaces(7)).
 *
 * Nothing that is mounted in it is ever seen outside: it is private before anybody can enter it. If the maker's network is not
 * the one that `/sys` shows, it gets a read-only `/sys` that does, with everything that was mounted below it still there;
 * [method@Spacetest.TransientMntns.get_sysfs] tells.
 *
 * The methods that mount work from any thread, on a visit or not. They refuse with %ST_ERROR_WOULD_TOUCH_HOST where somebody
 * made a mount shared again, since other mount namespaces could see what is mounted there. Files on a file system that both
 * sides have mounted are the same files: a mount namespace does not protect them.
 *
 * The mount namespace is gone with its last user.
 *
 * ```c
 * g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
 * g_autoptr (GBytes) hosts = g_bytes_new_static ("10.0.0.1 server\n", 16);
 * if (mntns == NULL || !st_transient_mntns_overlay_file (mntns, "/etc/hosts", hosts, &error))
 *   return FALSE;
 * ```
 *
 * Since: 0.1
 */
struct _StTransientMntnsClass
{
  StNamespaceRefClass parent_class;
};

static void st_transient_mntns_initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StTransientMntns,
                               st_transient_mntns,
                               ST_TYPE_NAMESPACE_REF,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, st_transient_mntns_initable_init))

G_DEFINE_ENUM_TYPE (StSysfs,
                    st_sysfs,
                    G_DEFINE_ENUM_VALUE (ST_SYSFS_KEPT, "kept"),
                    G_DEFINE_ENUM_VALUE (ST_SYSFS_FRESH, "fresh"),
                    G_DEFINE_ENUM_VALUE (ST_SYSFS_COVERED, "covered"))

enum
{
  PROP_SYSFS = 1,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* @result says what /sys is, or why it can't be told. */
int
st_transient_mntns_note_sysfs (StTransientWork *work,
                               int              result)
{
  static const StSysfs meaning[] = {
    [ST_MOUNT_SYSFS_KEPT] = ST_SYSFS_KEPT,
    [ST_MOUNT_SYSFS_FRESH] = ST_SYSFS_FRESH,
    [ST_MOUNT_SYSFS_COVERED] = ST_SYSFS_COVERED,
  };
  if (result >= 0)
    work->sysfs = meaning[result];
  return MIN (result, 0);
}

/* Never a /sys of another network. Where the kernel won't tell, home's is taken to be right. */
static int
correct_sysfs (guint64 network)
{
  int right = st_mount_is_sysfs_right (network);
  if (right == -EPERM || right == -EACCES)
    right = st_thread_is_home (&st_kinds[ST_KIND_NET]) > 0;
  if (right < 0)
    return right;
  return right ? ST_MOUNT_SYSFS_KEPT : st_mount_sysfs ();
}

static gboolean
furnish (gpointer data,
         GError **error)
{
  StTransientWork *work = data;
  int result = st_mount_make_private ();
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot make a new mnt namespace private");
      return FALSE;
    }
  result = st_transient_mntns_note_sysfs (work, correct_sysfs (work->network));
  if (result < 0)
    st_error_set_result (error, result, "cannot show the network in /sys of a new mnt namespace");
  return result == 0;
}

static gboolean
make_and_furnish (gpointer data,
                  GError **error)
{
  StTransientWork *work = data;
  if (!st_workshop_can_come_home ())
    {
      st_stay_set_no_way_home (error, -EPERM, &st_kinds[ST_KIND_MNT], "cannot create mnt namespace");
      return FALSE;
    }
  int result = st_system_unshare (&st_kinds[ST_KIND_MNT]);
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot create mnt namespace");
      return FALSE;
    }
  if (furnish (work, error))
    work->made = st_handle_new_current (&st_kinds[ST_KIND_MNT], error);
  return work->made != NULL;
}

/* Runs @func in @mnt, or where the caller is, and in the caller's network. */
gboolean
st_transient_mntns_do (StHandle       *mnt,
                       StHandle       *network,
                       StFunc          func,
                       StTransientWork *work,
                       GError         **error)
{
  g_auto (StHandleSet) where = { 0 };
  where.of_kind[ST_KIND_MNT] = mnt ? st_handle_ref (mnt) : st_handle_new_current (&st_kinds[ST_KIND_MNT], error);
  if (!where.of_kind[ST_KIND_MNT])
    return FALSE;
  where.of_kind[ST_KIND_NET] = network ? st_handle_ref (network) : st_handle_new_current (&st_kinds[ST_KIND_NET], error);
  if (!where.of_kind[ST_KIND_NET])
    return FALSE;
  work->network = where.of_kind[ST_KIND_NET]->identity.serial;
  if (st_workshop_run (&where, func, work, error))
    return TRUE;
  g_clear_pointer (&work->made, st_handle_unref);
  return FALSE;
}

static StTransientMntns *
new_of_work (StTransientWork *work)
{
  StTransientMntns *self = g_object_new (ST_TYPE_TRANSIENT_MNTNS, NULL);
  st_namespace_ref_take_made (ST_NAMESPACE_REF (self), work->made);
  self->sysfs = work->sysfs;
  return self;
}

/* @network is what its /sys shows, or NULL for the caller's. */
StTransientMntns *
st_transient_mntns_new_in_network (StNamespaceRef *network,
                                   GError        **error)
{
  StTransientWork work = { 0 };
  g_autoptr (StHandle) net = network ? st_namespace_ref_dup_handle (network, error) : NULL;
  if ((network && !net) || !st_transient_mntns_do (NULL, net, make_and_furnish, &work, error))
    return NULL;
  return new_of_work (&work);
}

/* For a namespace that was made elsewhere. */
StTransientMntns *
st_transient_mntns_new_empty (StSysfs sysfs)
{
  StTransientMntns *self = g_object_new (ST_TYPE_TRANSIENT_MNTNS, NULL);
  self->sysfs = sysfs;
  return self;
}

/* For a thread that has just made itself a mount namespace, and that nobody else knows of yet. */
StTransientMntns *
st_transient_mntns_new_of_current (GError **error)
{
  StTransientWork work = { 0 };
  work.made = st_handle_new_current (&st_kinds[ST_KIND_MNT], error);
  if (work.made && st_transient_mntns_do (work.made, NULL, furnish, &work, error))
    return new_of_work (&work);
  g_clear_pointer (&work.made, st_handle_unref);
  return NULL;
}

static gboolean
make_by_anybody (StTransientWork *work,
                 GError         **error)
{
  GError *refusal = NULL;
  if (!st_broker_is_wanted (NULL))
    {
      if (st_transient_mntns_do (NULL, NULL, make_and_furnish, work, &refusal))
        return TRUE;
      if (!st_broker_is_wanted (&refusal))
        {
          g_propagate_error (error, refusal);
          return FALSE;
        }
    }
  work->made = st_transient_ask_broker (ST_KIND_MNT, TRUE, &work->sysfs, error);
  return work->made != NULL;
}

static gboolean
st_transient_mntns_make (GInitable    *initable,
                         GCancellable *cancellable,
                         GError      **error)
{
  StTransientMntns *self = ST_TRANSIENT_MNTNS (initable);
  StTransientWork work = { 0 };
  if (((StNamespaceRef *) self)->kind) /* made already */
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !make_by_anybody (&work, error))
    return FALSE;
  st_namespace_ref_take_made (ST_NAMESPACE_REF (self), work.made);
  self->sysfs = work.sysfs;
  return TRUE;
}

static void
st_transient_mntns_initable_init (GInitableIface *iface)
{
  iface->init = st_transient_mntns_make;
}

static void
st_transient_mntns_close (StNamespaceRef *ref)
{
  StTransientMntns *self = ST_TRANSIENT_MNTNS (ref);
  g_mutex_lock (&ref->lock);
  int root = self->root;
  self->root = -1;
  g_mutex_unlock (&ref->lock);
  if (root >= 0)
    close (root);
  ((StNamespaceRefClass *) st_transient_mntns_parent_class)->close (ref);
}

static void
st_transient_mntns_get_property (GObject    *object,
                                 guint       id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  if (id == PROP_SYSFS)
    g_value_set_enum (value, st_transient_mntns_get_sysfs (ST_TRANSIENT_MNTNS (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_transient_mntns_class_init (StTransientMntnsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_transient_mntns_get_property;
  ((StNamespaceRefClass *) klass)->close = st_transient_mntns_close;

  /**
   * StTransientMntns:sysfs: (getter get_sysfs)
   *
   * What `/sys` is.
   *
   * Since: 0.1
   */
  properties[PROP_SYSFS] =
    g_param_spec_enum ("sysfs", NULL, NULL, ST_TYPE_SYSFS, ST_SYSFS_KEPT, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_transient_mntns_init (StTransientMntns *self)
{
  self->root = -1;
}

/**
 * st_transient_mntns_new: (constructor)
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a new mount namespace without entering it, as a private copy of the caller's.
 *
 * Without `CAP_SYS_ADMIN` it comes from the default spacer, see [ctor@Spacetest.NamespaceRef.new_transient]; where nobody may make
 * it, it is %ST_ERROR_PERMISSION_DENIED. Too many mounts, namespaces or descriptors are %ST_ERROR_EXHAUSTED.
 *
 * Returns: (transfer full): a new mount namespace, or %NULL with @error set
 *
 * Since: 0.1
 */
StTransientMntns *
st_transient_mntns_new (GError **error)
{
  return g_initable_new (ST_TYPE_TRANSIENT_MNTNS, NULL, error, NULL);
}

static gpointer
make_mntns (GTask   *task,
            GError **error)
{
  return st_transient_mntns_new (error);
}

/**
 * st_transient_mntns_new_async:
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the mount namespace is made
 * @user_data: for @callback
 *
 * Makes a new mount namespace without blocking, on a thread of its own.
 *
 * Since: 0.1
 */
void
st_transient_mntns_new_async (GCancellable       *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  GTask *task = st_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_transient_mntns_new_async);
  st_task_make_object (task, make_mntns);
}

/**
 * st_transient_mntns_new_finish: (constructor)
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [func@Spacetest.TransientMntns.new_async].
 *
 * Returns: (transfer full): a new mount namespace, or %NULL with @error set
 *
 * Since: 0.1
 */
StTransientMntns *
st_transient_mntns_new_finish (GAsyncResult *result,
                               GError      **error)
{
  return st_task_finish_object (result, NULL, st_transient_mntns_new_async, error);
}

/**
 * st_transient_mntns_get_sysfs: (get-property sysfs)
 * @self: a mount namespace
 *
 * Tells what `/sys` is, as far as this library had to do with it.
 *
 * Returns: what it is
 *
 * Since: 0.1
 */
StSysfs
st_transient_mntns_get_sysfs (StTransientMntns *self)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), ST_SYSFS_KEPT);
  GMutex *lock = &((StNamespaceRef *) self)->lock;
  g_mutex_lock (lock);
  StSysfs sysfs = self->sysfs;
  g_mutex_unlock (lock);
  return sysfs;
}
