/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-broker-private.h"

#include "st-error-private.h"

static const StBrokerFuncs *installed;

/* Once, before main(). */
void
st_broker_install (const StBrokerFuncs *funcs)
{
  installed = funcs;
}

/* Whether new namespaces are to come from a broker. A refusal is gone then; NULL before there is one. */
gboolean
st_broker_is_wanted (GError **refusal)
{
  if (!installed || !installed->is_wanted (refusal ? *refusal : NULL))
    return FALSE;
  if (refusal)
    g_clear_error (refusal);
  return TRUE;
}

gboolean
st_broker_make (StNamespaceType types,
                gboolean        loopback_up,
                StHandleSet    *made,
                StSysfs        *sysfs,
                GError        **error)
{
  return installed->make (types, loopback_up, made, sysfs, error);
}

/* Whether what was refused here is to be tried through the broker: then the refusal is gone. */
gboolean
st_broker_takes_over (StHandle *handle,
                      GError  **refusal)
{
  if (!handle || !handle->broker || !g_error_matches (*refusal, ST_ERROR, ST_ERROR_PERMISSION_DENIED))
    return FALSE;
  g_clear_error (refusal);
  return TRUE;
}

int
st_broker_create_socket (StHandle *network,
                         int       family,
                         int       type,
                         int       protocol,
                         GError  **error)
{
  return installed->create_socket (network->broker, network, family, type, protocol, error);
}

gboolean
st_broker_open_root (StHandle *mnt,
                     int      *root,
                     int      *mount_table,
                     GError  **error)
{
  return installed->open_root (mnt->broker, mnt, root, mount_table, error);
}

gboolean
st_broker_mount (StHandle      *mnt,
                 StBrokerMount *mount,
                 GError       **error)
{
  return installed->mount (mnt->broker, mnt, mount, error);
}

GBytes *
st_broker_use_sysctl (StHandle   *handle,
                      const char *name,
                      GBytes     *to_set,
                      GError    **error)
{
  return installed->use_sysctl (handle->broker, handle, name, to_set, error);
}
