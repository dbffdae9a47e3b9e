/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What a reference tells of its namespace: which one it is, and whose. */
#include "st-namespace-ref-private.h"

#include "st-error-private.h"

#include <errno.h>

/**
 * st_namespace_ref_get_namespace_type:
 * @self: a reference
 *
 * Gets the kind of the namespace.
 *
 * Returns: one kind; %ST_NAMESPACE_NONE if @self was made without its constructor
 *
 * Since: 0.1
 */
StNamespaceType
st_namespace_ref_get_namespace_type (StNamespaceRef *self)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), ST_NAMESPACE_NONE);
  return self->kind ? self->kind->flag : ST_NAMESPACE_NONE;
}

static gboolean
check_open (StNamespaceRef *self,
            GError        **error)
{
  return !st_namespace_ref_is_closed (self) || st_error_set_closed (error, "namespace reference");
}

/**
 * st_namespace_ref_get_id:
 * @self: a reference
 * @error: return location for a %ST_ERROR_CLOSED
 *
 * Gets the identity of the namespace, which is its own as long as it lives.
 *
 * Returns: (transfer full): the identity, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceId *
st_namespace_ref_get_id (StNamespaceRef *self,
                         GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), NULL);
  return check_open (self, error) ? st_namespace_id_new (self->identity.device, self->identity.inode) : NULL;
}

/**
 * st_namespace_ref_get_serial:
 * @self: a reference
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets the number of the namespace that is never used again, not even after it is gone.
 *
 * Kernels before 6.18 have none: %ST_ERROR_NOT_SUPPORTED.
 *
 * Returns: the serial number, or 0 with @error set
 *
 * Since: 0.1
 */
guint64
st_namespace_ref_get_serial (StNamespaceRef *self,
                             GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), 0);
  if (!check_open (self, error))
    return 0;
  if (self->identity.serial == 0)
    g_set_error (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED, "this kernel has no serial numbers of namespaces (Linux 6.18 does)");
  return self->identity.serial;
}

static StNamespaceRef *
open_relative (StNamespaceRef *self,
               int           (*open_fd) (int fd),
               const char     *what,
               GError        **error)
{
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (self, error);
  if (!handle)
    return NULL;
  int fd = open_fd (handle->fd);
  if (fd >= 0)
    return st_namespace_ref_new_take_handle (st_handle_new_take (fd, NULL, error));
  if (fd == -EPERM)
    g_set_error (error, ST_ERROR, ST_ERROR_PERMISSION_DENIED, "the %s of this %s namespace is outside of what this process may see, or there is none",
                 what, handle->kind->name);
  else
    st_error_set_result (error, fd, "cannot open the %s of this %s namespace", what, handle->kind->name);
  return NULL;
}

/**
 * st_namespace_ref_get_owner:
 * @self: a reference
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens the user namespace that owns the namespace: whose capabilities count in it.
 *
 * An owner outside of the caller's user namespace is %ST_ERROR_PERMISSION_DENIED; see [ioctl_ns(2)](man:ioctl_ns(2)) on
 * `NS_GET_USERNS`.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_get_owner (StNamespaceRef *self,
                            GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), NULL);
  return open_relative (self, st_system_open_owner, "owner", error);
}

/**
 * st_namespace_ref_get_parent:
 * @self: a reference to a user or PID namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens the parent of the namespace.
 *
 * Only user and PID namespaces have parents, for the others this is %ST_ERROR_NOT_SUPPORTED. At the top, and outside of the
 * caller's own namespace, it is %ST_ERROR_PERMISSION_DENIED; see [ioctl_ns(2)](man:ioctl_ns(2)) on `NS_GET_PARENT`.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_get_parent (StNamespaceRef *self,
                             GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), NULL);
  if (!check_open (self, error))
    return NULL;
  if (!self->kind->has_parent)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED, "a %s namespace has no parent; only user and pid namespaces do", self->kind->name);
      return NULL;
    }
  return open_relative (self, st_system_open_parent, "parent", error);
}

/**
 * st_namespace_ref_get_owner_uid:
 * @self: a reference to a user namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets the user who made a user namespace, as the caller's user namespace numbers him.
 *
 * For another kind this is %ST_ERROR_NOT_SUPPORTED: ask its owner.
 *
 * Returns: a user id, or -1 with @error set
 *
 * Since: 0.1
 */
gint64
st_namespace_ref_get_owner_uid (StNamespaceRef *self,
                                GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), -1);
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (self, error);
  uid_t uid;
  if (!handle)
    return -1;
  if (handle->kind->index != ST_KIND_USER)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED, "a %s namespace has no owner uid; its owner has", handle->kind->name);
      return -1;
    }
  int result = st_system_owner_uid (handle->fd, &uid);
  if (result == 0)
    return uid;
  st_error_set_result (error, result, "cannot get the owner uid of this user namespace");
  return -1;
}

/**
 * st_namespace_ref_equal:
 * @self: a reference
 * @other: another one
 *
 * Whether both refer to the same namespace.
 *
 * A closed reference still knows what it referred to, and never equals a later namespace that got the same numbers: before
 * Linux 6.18, it equals nothing but itself.
 *
 * Returns: %TRUE if they do
 *
 * Since: 0.1
 */
gboolean
st_namespace_ref_equal (StNamespaceRef *self,
                        StNamespaceRef *other)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self) && ST_IS_NAMESPACE_REF (other), FALSE);
  if (self == other)
    return TRUE;
  if (!self->kind || !other->kind || !st_system_is_same (&self->identity, &other->identity))
    return FALSE;
  return self->identity.serial != 0 || !(st_namespace_ref_is_closed (self) || st_namespace_ref_is_closed (other));
}

/**
 * st_namespace_ref_hash:
 * @self: a reference
 *
 * A hash that goes with [method@Spacetest.NamespaceRef.equal].
 *
 * Returns: the hash, which closing does not change
 *
 * Since: 0.1
 */
guint
st_namespace_ref_hash (StNamespaceRef *self)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), 0);
  return g_int64_hash (&self->identity.inode);
}

/**
 * st_namespace_ref_to_string:
 * @self: a reference
 *
 * Writes the kernel's name of the namespace, as in `net:[4026531833]`.
 *
 * It is what reading a link in `/proc/PID/ns` gives, and what [ctor@Spacetest.NamespaceId.parse] reads.
 *
 * Returns: (transfer full): kind and inode number; `closed` if @self was made without its constructor
 *
 * Since: 0.1
 */
char *
st_namespace_ref_to_string (StNamespaceRef *self)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), NULL);
  if (!self->kind)
    return g_strdup ("closed");
  return g_strdup_printf ("%s:[%" G_GUINT64_FORMAT "]", self->kind->name, self->identity.inode);
}
