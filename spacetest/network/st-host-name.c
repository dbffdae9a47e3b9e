/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-host-name.h"

#include "st-setting-private.h"

#define HOST_NAME { ST_KIND_UTS, "kernel/hostname", "the host name", NULL }

/**
 * st_space_get_host_name:
 * @self: a space
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets the host name that programs in a space have, as [gethostname(2)](man:gethostname(2)) gives it.
 *
 * It is that of the UTS namespace; without one in the space it is %ST_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): the host name, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
st_space_get_host_name (StSpace *self,
                        GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  const StSetting setting = HOST_NAME;
  return st_setting_use (&setting, self, error);
}

/**
 * st_space_set_host_name:
 * @self: a space
 * @name: the host name, at most 64 bytes
 * @error: return location for a [error@Spacetest.Error]
 *
 * Sets the host name that programs in a space have.
 *
 * The one that the process has at home is never changed: that is %ST_ERROR_WOULD_TOUCH_HOST. A name that is too long, and a space
 * without a UTS namespace, are %ST_ERROR_INVALID_ARGUMENT. Nobody resolves the name by that: see
 * [method@Spacetest.TransientMntns.set_hosts].
 *
 * Returns: %TRUE if it is set
 *
 * Since: 0.1
 */
gboolean
st_space_set_host_name (StSpace    *self,
                        const char *name,
                        GError    **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  StSetting setting = HOST_NAME;
  setting.to_set = name;
  g_autofree char *nothing = st_setting_use (&setting, self, error);
  return nothing != NULL;
}
