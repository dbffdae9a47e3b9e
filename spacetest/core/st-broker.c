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

/* What no broker made may belong to a user namespace of the caller all the same: a process with threads can't join it, a broker can. */
static gboolean
can_be_joined (const StHandle *handle,
               const GError   *refusal)
{
  return installed && installed->is_wanted (refusal) && st_system_is_of_own_user (handle->fd);
}

/* Whether what was refused here is to be tried through the broker: then the refusal is gone. */
gboolean
st_broker_takes_over (StHandle *handle,
                      GError  **refusal)
{
  if (!handle || !g_error_matches (*refusal, ST_ERROR, ST_ERROR_PERMISSION_DENIED) ||
      (!handle->broker && !can_be_joined (handle, *refusal)))
    return FALSE;
  g_clear_error (refusal);
  return TRUE;
}

static GObject *
dup_broker (StHandle *handle,
            GError  **error)
{
  return handle->broker ? g_object_ref (handle->broker) : installed->get_common (error);
}

int
st_broker_create_socket (StHandle *network,
                         int       family,
                         int       type,
                         int       protocol,
                         GError  **error)
{
  g_autoptr (GObject) broker = dup_broker (network, error);
  return broker ? installed->create_socket (broker, network, family, type, protocol, error) : -1;
}

int
st_broker_open_tap (StHandle *network,
                    GError  **error)
{
  g_autoptr (GObject) broker = dup_broker (network, error);
  return broker ? installed->open_tap (broker, network, error) : -1;
}

gboolean
st_broker_open_root (StHandle *mnt,
                     int      *root,
                     int      *mount_table,
                     GError  **error)
{
  g_autoptr (GObject) broker = dup_broker (mnt, error);
  return broker ? installed->open_root (broker, mnt, root, mount_table, error) : FALSE;
}

gboolean
st_broker_mount (StHandle      *mnt,
                 StBrokerMount *mount,
                 GError       **error)
{
  g_autoptr (GObject) broker = dup_broker (mnt, error);
  return broker ? installed->mount (broker, mnt, mount, error) : FALSE;
}

GBytes *
st_broker_use_sysctl (StHandle   *handle,
                      const char *name,
                      GBytes     *to_set,
                      GError    **error)
{
  g_autoptr (GObject) broker = dup_broker (handle, error);
  return broker ? installed->use_sysctl (broker, handle, name, to_set, error) : NULL;
}
