/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-host-name.h"

#include "st-error-private.h"
#include "st-kind-visit-private.h"
#include "st-proc-sys.h"

#include <string.h>

static gboolean
get_inside (gpointer data,
            GError **error)
{
  int result = st_host_name_get (data);
  if (result < 0)
    st_error_set_result (error, result, "cannot get the host name of a uts namespace");
  return result == 0;
}

static gboolean
set_inside (gpointer data,
            GError **error)
{
  const char *name = data;
  int result = st_host_name_set (name, strlen (name));
  if (result < 0)
    st_error_set_result (error, result, "cannot set the host name of a uts namespace to \"%.256s\"", name);
  return result == 0;
}

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
  char name[ST_HOST_NAME_SIZE];
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  return st_kind_visit (self, ST_KIND_UTS, FALSE, "a host name", get_inside, name, error) ? g_utf8_make_valid (name, -1) : NULL;
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
  return st_kind_visit (self, ST_KIND_UTS, TRUE, "a host name", set_inside, (gpointer) name, error);
}
