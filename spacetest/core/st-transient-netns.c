/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-transient-netns-private.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-namespace-ref-private.h"
#include "st-proc-sys.h"
#include "st-task-private.h"
#include "st-transient-private.h"

/**
 * StTransientNetns:
 *
 * A new network: an interface `lo`, nothing else, and every port free. See [network_namespaces(7)](man:network_namespaces(7)).
 *
 * It is gone with its last user: the object, threads and processes in it, sockets made in it.
 *
 * The loopback interface is up, unless the network is made with [property@Spacetest.TransientNetns:loopback-up] off:
 *
 * ```c
 * StTransientNetns *netns = g_initable_new (ST_TYPE_TRANSIENT_NETNS, NULL, &error, "loopback-up", FALSE, NULL);
 * ```
 *
 * Since: 0.1
 */
struct _StTransientNetns
{
  StNamespaceRef parent_instance;

  gboolean loopback_up;
};

struct _StTransientNetnsClass
{
  StNamespaceRefClass parent_class;
};

static void st_transient_netns_initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StTransientNetns,
                               st_transient_netns,
                               ST_TYPE_NAMESPACE_REF,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, st_transient_netns_initable_init))

enum
{
  PROP_LOOPBACK_UP = 1,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* Without asking anybody: where /proc/sys cannot be written, ping is for who has CAP_NET_RAW, as it is in any new network. */
static gboolean
allow_ping (GError **error)
{
  st_proc_sys_allow_ping ();
  return TRUE;
}

static gboolean
bring_loopback_up (GError **error)
{
  int result = st_system_loopback_up ();
  if (result < 0)
    st_error_set_result (error, result, "cannot bring lo up in a new net namespace");
  return result == 0 && allow_ping (error);
}

static StHandle *
make_here (gboolean loopback_up,
           GError **error)
{
  return st_transient_make_handle (&st_kinds[ST_KIND_NET], loopback_up ? bring_loopback_up : allow_ping, error);
}

/* By the calling thread. */
StTransientNetns *
st_transient_netns_new_here (GError **error)
{
  StHandle *handle = make_here (TRUE, error);
  StTransientNetns *self = handle ? g_object_new (ST_TYPE_TRANSIENT_NETNS, NULL) : NULL;
  if (self)
    st_namespace_ref_take_made (ST_NAMESPACE_REF (self), handle);
  return self;
}

static StHandle *
make_by_anybody (gboolean loopback_up,
                 GError **error)
{
  GError *refusal = NULL;
  StSysfs sysfs;
  if (!st_broker_is_wanted (NULL))
    {
      StHandle *handle = make_here (loopback_up, &refusal);
      if (handle)
        return handle;
      if (!st_broker_is_wanted (&refusal))
        {
          g_propagate_error (error, refusal);
          return NULL;
        }
    }
  return st_transient_ask_broker (ST_KIND_NET, loopback_up, &sysfs, error);
}

static gboolean
st_transient_netns_make (GInitable    *initable,
                         GCancellable *cancellable,
                         GError      **error)
{
  StTransientNetns *self = ST_TRANSIENT_NETNS (initable);
  if (((StNamespaceRef *) self)->kind) /* made already */
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  StHandle *handle = make_by_anybody (self->loopback_up, error);
  if (handle)
    st_namespace_ref_take_made (ST_NAMESPACE_REF (self), handle);
  return handle != NULL;
}

static void
st_transient_netns_initable_init (GInitableIface *iface)
{
  iface->init = st_transient_netns_make;
}

static void
st_transient_netns_get_property (GObject    *object,
                                 guint       id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  if (id == PROP_LOOPBACK_UP)
    g_value_set_boolean (value, ST_TRANSIENT_NETNS (object)->loopback_up);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_transient_netns_set_property (GObject      *object,
                                 guint         id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  if (id == PROP_LOOPBACK_UP)
    ST_TRANSIENT_NETNS (object)->loopback_up = g_value_get_boolean (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_transient_netns_class_init (StTransientNetnsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_transient_netns_get_property;
  object_class->set_property = st_transient_netns_set_property;

  /**
   * StTransientNetns:loopback-up: (getter get_loopback_up)
   *
   * Whether the network is made with its loopback interface up.
   *
   * Since: 0.1
   */
  properties[PROP_LOOPBACK_UP] =
    g_param_spec_boolean ("loopback-up", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_transient_netns_init (StTransientNetns *self)
{
}

/**
 * st_transient_netns_new: (constructor)
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a new network without entering it.
 *
 * The kernel takes some 350 microseconds for that. Where `/proc/sys` can be written, every group that is mapped may send echo
 * requests, see `ping_group_range` in [icmp(7)](man:icmp(7)). Without `CAP_SYS_ADMIN` in the calling thread's user namespace it
 * comes from the default spacer, see [ctor@Spacetest.NamespaceRef.new_transient]; where nobody may make it, it is
 * %ST_ERROR_PERMISSION_DENIED. Too many networks, or descriptors, are %ST_ERROR_EXHAUSTED.
 *
 * Returns: (transfer full): a new network, or %NULL with @error set
 *
 * Since: 0.1
 */
StTransientNetns *
st_transient_netns_new (GError **error)
{
  return g_initable_new (ST_TYPE_TRANSIENT_NETNS, NULL, error, NULL);
}

static gpointer
make_netns (GTask   *task,
            GError **error)
{
  return st_transient_netns_new (error);
}

/**
 * st_transient_netns_new_async:
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the network is made
 * @user_data: for @callback
 *
 * Makes a new network without blocking, on a thread of its own.
 *
 * Since: 0.1
 */
void
st_transient_netns_new_async (GCancellable       *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  GTask *task = st_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_transient_netns_new_async);
  st_task_make_object (task, make_netns);
}

/**
 * st_transient_netns_new_finish: (constructor)
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [func@Spacetest.TransientNetns.new_async].
 *
 * Returns: (transfer full): a new network, or %NULL with @error set
 *
 * Since: 0.1
 */
StTransientNetns *
st_transient_netns_new_finish (GAsyncResult *result,
                               GError      **error)
{
  return st_task_finish_object (result, NULL, st_transient_netns_new_async, error);
}

/**
 * st_transient_netns_get_loopback_up: (get-property loopback-up)
 * @self: a network
 *
 * Whether the network was made with its loopback interface up.
 *
 * Returns: %TRUE if it was
 *
 * Since: 0.1
 */
gboolean
st_transient_netns_get_loopback_up (StTransientNetns *self)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_NETNS (self), FALSE);
  return self->loopback_up;
}
