/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-pin.h"

#include "st-error-private.h"
#include "st-kind.h"
#include "st-mount-table.h"

#include <string.h>

struct _StPinInfo
{
  char *path;
  StNamespaceType type;
  StNamespaceId id;
};

G_DEFINE_BOXED_TYPE (StPinInfo, st_pin_info, st_pin_info_copy, st_pin_info_free)

/**
 * st_pin_info_copy:
 * @self: what is known of a pin
 *
 * Copies it.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
StPinInfo *
st_pin_info_copy (const StPinInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  StPinInfo *copy = g_memdup2 (self, sizeof *self);
  copy->path = g_strdup (self->path);
  return copy;
}

/**
 * st_pin_info_free: (skip)
 * @self: (transfer full): what is known of a pin
 *
 * Frees it.
 *
 * Since: 0.1
 */
void
st_pin_info_free (StPinInfo *self)
{
  g_return_if_fail (self != NULL);
  g_free (self->path);
  g_free (self);
}

/**
 * st_pin_info_get_path:
 * @self: what is known of a pin
 *
 * Gets the file that the namespace is bound to.
 *
 * Returns: (type filename): its absolute path
 *
 * Since: 0.1
 */
const char *
st_pin_info_get_path (const StPinInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->path;
}

/**
 * st_pin_info_get_namespace_type:
 * @self: what is known of a pin
 *
 * Gets the kind of the namespace.
 *
 * Returns: one kind
 *
 * Since: 0.1
 */
StNamespaceType
st_pin_info_get_namespace_type (const StPinInfo *self)
{
  g_return_val_if_fail (self != NULL, ST_NAMESPACE_NONE);
  return self->type;
}

/**
 * st_pin_info_get_id:
 * @self: what is known of a pin
 *
 * Gets the identity of the namespace.
 *
 * Returns: (transfer full): the identity
 *
 * Since: 0.1
 */
StNamespaceId *
st_pin_info_get_id (const StPinInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return st_namespace_id_copy (&self->id);
}

/* A mount of nsfs is one of a namespace, whose name is the root: "net:[4026531833]". */
static int
collect (const StMount *mount,
         void          *data)
{
  StPinInfo info = { 0 };
  const char *number = strstr (mount->root, ":[");
  const StKind *kind = number ? st_kind_for_name (mount->root, (size_t) (number - mount->root)) : NULL;
  if (!g_str_equal (mount->type, "nsfs") || !kind)
    return 0;
  st_mount_table_unescape (mount->point);
  info.path = mount->point;
  info.type = kind->flag;
  info.id.device = mount->device;
  info.id.inode = g_ascii_strtoull (number + strlen (":["), NULL, 10);
  g_ptr_array_add (data, st_pin_info_copy (&info));
  return 0;
}

/**
 * st_pin_list:
 * @error: return location for a [error@Spacetest.Error]
 *
 * Lists the namespaces that are bound to files in the mount namespace of the calling thread.
 *
 * Those of this process are among them, those of `ip netns add`, and all others. Of several on the same file only the last is to be seen there.
 * It takes no privilege, and `/proc`.
 *
 * Returns: (transfer container) (element-type StPinInfo): the pins in the order of the mount table, or %NULL with @error set; in C, `g_ptr_array_unref()` frees
 *   all of it
 *
 * Since: 0.1
 */
GPtrArray *
st_pin_list (GError **error)
{
  g_autoptr (GPtrArray) pins = g_ptr_array_new_with_free_func ((GDestroyNotify) st_pin_info_free);
  int result = st_mount_table_foreach_of (ST_MOUNT_TABLE_HERE, collect, pins);
  if (result == 0)
    return g_steal_pointer (&pins);
  st_error_set_result (error, result, "cannot read the mount table");
  return NULL;
}
