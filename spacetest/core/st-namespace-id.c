/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-namespace-id.h"

#include "st-error-private.h"
#include "st-system.h"

#include <string.h>
#include <unistd.h>

G_DEFINE_BOXED_TYPE (StNamespaceId, st_namespace_id, st_namespace_id_copy, st_namespace_id_free)

/**
 * st_namespace_id_new:
 * @device: number of the device that holds all namespaces
 * @inode: number of the namespace there
 *
 * Makes an identity from its numbers, as [stat(2)](man:stat(2)) gives them.
 *
 * Returns: (transfer full): a new identity
 *
 * Since: 0.1
 */
StNamespaceId *
st_namespace_id_new (guint64 device,
                     guint64 inode)
{
  StNamespaceId *self = g_new (StNamespaceId, 1);
  self->device = device;
  self->inode = inode;
  return self;
}

/* All namespaces live on one device, which has no fixed number. */
static gboolean
get_device (guint64 *device,
            GError **error)
{
  int fd = st_system_open_current (&st_kinds[ST_KIND_NET]);
  StIdentity identity;
  int result = fd < 0 ? fd : st_system_identify (fd, &identity);
  if (fd >= 0)
    close (fd);
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot find the device of namespaces");
      return FALSE;
    }
  *device = identity.device;
  return TRUE;
}

/**
 * st_namespace_id_new_for_inode:
 * @inode: inode number of a namespace, not 0
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes an identity from the number that the kernel prints, as in `net:[4026531833]`.
 *
 * Whether there is such a namespace is not looked at.
 *
 * Returns: (transfer full): a new identity, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceId *
st_namespace_id_new_for_inode (guint64  inode,
                               GError **error)
{
  guint64 device;
  if (inode == 0)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "no namespace has the inode number 0");
      return NULL;
    }
  return get_device (&device, error) ? st_namespace_id_new (device, inode) : NULL;
}

/**
 * st_namespace_id_parse: (constructor)
 * @text: what the kernel prints, as in `net:[4026531833]`
 * @type: (out) (optional): return location for the kind
 * @error: return location for a [error@Spacetest.Error]
 *
 * Reads the kernel's name of a namespace.
 *
 * Whether there is such a namespace is not looked at.
 *
 * Returns: (transfer full): a new identity, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceId *
st_namespace_id_parse (const char      *text,
                       StNamespaceType *type,
                       GError         **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  const char *colon = strchr (text, ':');
  const StKind *kind = colon ? st_kind_for_name (text, (size_t) (colon - text)) : NULL;
  const size_t length = strlen (text);
  guint64 inode = 0;
  if (kind && colon[1] == '[' && text[length - 1] == ']')
    {
      g_autofree char *digits = g_strndup (colon + 2, (gsize) (text + length - 1 - (colon + 2)));
      if (!g_ascii_string_to_unsigned (digits, 10, 1, G_MAXUINT64, &inode, NULL))
        inode = 0;
    }
  if (inode == 0)
    {
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%s\" does not name a namespace as \"net:[4026531833]\" does", text);
      return NULL;
    }

  StNamespaceId *self = st_namespace_id_new_for_inode (inode, error);
  if (self && type)
    *type = kind->flag;
  return self;
}

/**
 * st_namespace_id_copy:
 * @self: an identity
 *
 * Copies an identity.
 *
 * Returns: (transfer full): the copy
 *
 * Since: 0.1
 */
StNamespaceId *
st_namespace_id_copy (const StNamespaceId *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return st_namespace_id_new (self->device, self->inode);
}

/**
 * st_namespace_id_free: (skip)
 * @self: (transfer full): an identity
 *
 * Frees an identity.
 *
 * Since: 0.1
 */
void
st_namespace_id_free (StNamespaceId *self)
{
  g_free (self);
}

/**
 * st_namespace_id_to_string:
 * @self: an identity
 *
 * Writes both numbers, as in `4:4026531833`.
 *
 * Returns: (transfer full): device and inode number, separated by a colon
 *
 * Since: 0.1
 */
char *
st_namespace_id_to_string (const StNamespaceId *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, self->device, self->inode);
}

/**
 * st_namespace_id_equal:
 * @self: an identity
 * @other: another one
 *
 * Whether both numbers are the same.
 *
 * Returns: %TRUE if they are
 *
 * Since: 0.1
 */
gboolean
st_namespace_id_equal (const StNamespaceId *self,
                       const StNamespaceId *other)
{
  g_return_val_if_fail (self != NULL && other != NULL, FALSE);
  return self->device == other->device && self->inode == other->inode;
}

/**
 * st_namespace_id_hash:
 * @self: an identity
 *
 * A hash that goes with [method@Spacetest.NamespaceId.equal].
 *
 * Returns: the hash
 *
 * Since: 0.1
 */
guint
st_namespace_id_hash (const StNamespaceId *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return g_int64_hash (&self->inode) ^ g_int64_hash (&self->device);
}
