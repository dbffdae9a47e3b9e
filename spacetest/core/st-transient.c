/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-transient-private.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-namespace-ref-private.h"
#include "st-stay-private.h"
#include "st-task-private.h"
#include "st-transient-mntns-private.h"
#include "st-transient-netns-private.h"

/* Those that a thread can make for itself and come home from. */
gboolean
st_transient_check_types (StNamespaceType types,
                          GError        **error)
{
  if (!st_namespace_types_check (types, error))
    return FALSE;
  ST_FOREACH_KIND (kind)
    if ((types & kind->flag) && !kind->by_thread)
      {
        g_set_error (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED,
                     "cannot create %s namespace: no thread of a threaded process can (start a program in one: \"spacetest run --%s\"; see docs: threads)",
                     kind->name, kind->name);
        return FALSE;
      }
  return TRUE;
}

/* On the calling thread, which is home again afterwards. Not for mount namespaces, which leave a mark on the thread. */
StHandle *
st_transient_make_handle (const StKind *kind,
                          gboolean    (*prepare) (GError **error),
                          GError      **error)
{
  StStay stay;
  g_autoptr (StHandle) handle = NULL;
  g_autoptr (GError) failure = NULL;
  if (!st_stay_begin (&stay, kind->flag, error))
    return NULL;
  if (st_stay_unshare (&stay, kind, &failure) && (!prepare || prepare (&failure)))
    handle = st_handle_new_current (kind, &failure);
  st_stay_end_failed (&stay, &failure);
  if (!failure)
    return g_steal_pointer (&handle);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

static StNamespaceRef *
make_plain (const StKind *kind,
            GError      **error)
{
  StHandle *handle = st_transient_make_handle (kind, NULL, error);
  if (!handle)
    return NULL;
  StNamespaceRef *self = g_object_new (ST_TYPE_NAMESPACE_REF, NULL);
  st_namespace_ref_take_made (self, handle);
  return self;
}

static StNamespaceRef *
make_one (const StKind   *kind,
          StNamespaceRef *network,
          GError        **error)
{
  switch (kind->index)
    {
    case ST_KIND_NET:
      return (StNamespaceRef *) st_transient_netns_new_here (error);
    case ST_KIND_MNT:
      return (StNamespaceRef *) st_transient_mntns_new_in_network (network, error);
    default:
      return make_plain (kind, error);
    }
}

/* By the calling thread. One of each kind, made together: the mount namespace comes last, as it shows the network. */
GPtrArray *
st_transient_make_here (StNamespaceType types,
                        GError        **error)
{
  g_autoptr (GPtrArray) refs = g_ptr_array_new_with_free_func (g_object_unref);
  StNamespaceRef *network = NULL;
  if (!st_transient_check_types (types, error))
    return NULL;
  for (int own_fs = 0; own_fs <= 1; own_fs++)
    ST_FOREACH_KIND (kind)
      if ((types & kind->flag) && kind->own_fs == own_fs)
        {
          StNamespaceRef *ref = make_one (kind, network, error);
          if (!ref)
            return NULL;
          g_ptr_array_add (refs, ref);
          if (kind->index == ST_KIND_NET)
            network = ref;
        }
  return g_steal_pointer (&refs);
}

static StNamespaceRef *
new_for_kind (StKindIndex kind,
              StSysfs     sysfs)
{
  switch (kind)
    {
    case ST_KIND_NET:
      return g_object_new (ST_TYPE_TRANSIENT_NETNS, NULL);
    case ST_KIND_MNT:
      return (StNamespaceRef *) st_transient_mntns_new_empty (sysfs);
    default:
      return g_object_new (ST_TYPE_NAMESPACE_REF, NULL);
    }
}

/* References of what was made elsewhere. The set is empty afterwards. */
GPtrArray *
st_transient_take_made (StHandleSet *made,
                        StSysfs      sysfs)
{
  GPtrArray *refs = g_ptr_array_new_with_free_func (g_object_unref);
  ST_FOREACH_KIND (kind)
    if (made->of_kind[kind->index])
      {
        StNamespaceRef *ref = new_for_kind (kind->index, sysfs);
        st_namespace_ref_take_made (ref, g_steal_pointer (&made->of_kind[kind->index]));
        g_ptr_array_add (refs, ref);
      }
  return refs;
}

static GPtrArray *
ask_broker (StNamespaceType types,
            GError        **error)
{
  g_auto (StHandleSet) made = { 0 };
  StSysfs sysfs = ST_SYSFS_KEPT;
  return st_broker_make (types, TRUE, &made, &sysfs, error) ? st_transient_take_made (&made, sysfs) : NULL;
}

/* The same for one namespace, of which there is to be an object already. */
StHandle *
st_transient_ask_broker (StKindIndex kind,
                         gboolean    loopback_up,
                         StSysfs    *sysfs,
                         GError    **error)
{
  g_auto (StHandleSet) made = { 0 };
  if (!st_broker_make (st_kinds[kind].flag, loopback_up, &made, sysfs, error))
    return NULL;
  return g_steal_pointer (&made.of_kind[kind]);
}

/* Those of which no thread can make one need a broker in any case. */
GPtrArray *
st_transient_make (StNamespaceType types,
                   GError        **error)
{
  GError *refusal = NULL;
  if (!st_namespace_types_check (types, error))
    return NULL;
  if (st_broker_is_wanted (NULL))
    return ask_broker (types, error);
  GPtrArray *refs = st_transient_make_here (types, &refusal);
  if (refs)
    return refs;
  if (st_broker_is_wanted (&refusal))
    return ask_broker (types, error);
  g_propagate_error (error, refusal);
  return NULL;
}

/**
 * st_namespace_ref_new_transient: (constructor)
 * @type: one kind of namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a new namespace without entering it. It is gone with its last user.
 *
 * A network comes as a [class@Spacetest.TransientNetns], a mount namespace as a [class@Spacetest.TransientMntns].
 *
 * What the caller may not make, and user, PID and time namespaces, which no thread can make, come from the default spacer:
 * [func@Spacetest.Spacer.set_policy] says whether, and [method@Spacetest.NamespaceRef.is_from_spacer] whether it did. A PID
 * namespace has an init of ours. Without the spacer, these are %ST_ERROR_PERMISSION_DENIED and %ST_ERROR_NOT_SUPPORTED.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_transient (StNamespaceType type,
                                GError        **error)
{
  g_autoptr (GPtrArray) refs = st_namespace_type_check_one (type, error) ? st_transient_make (type, error) : NULL;
  return refs ? g_object_ref (refs->pdata[0]) : NULL;
}

static gpointer
make_ref (GTask   *task,
                GError **error)
{
  return st_namespace_ref_new_transient (GPOINTER_TO_UINT (g_task_get_task_data (task)), error);
}

/**
 * st_namespace_ref_new_transient_async:
 * @type: one kind of namespace
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the namespace is made
 * @user_data: for @callback
 *
 * Makes a new namespace without blocking, on a thread of its own.
 *
 * See [ctor@Spacetest.NamespaceRef.new_transient].
 *
 * Since: 0.1
 */
void
st_namespace_ref_new_transient_async (StNamespaceType     type,
                                      GCancellable       *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer            user_data)
{
  GTask *task = st_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_namespace_ref_new_transient_async);
  g_task_set_task_data (task, GUINT_TO_POINTER (type), NULL);
  st_task_make_object (task, make_ref);
}

/**
 * st_namespace_ref_new_transient_finish: (constructor)
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [func@Spacetest.NamespaceRef.new_transient_async].
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_transient_finish (GAsyncResult *result,
                                       GError      **error)
{
  return st_task_finish_object (result, NULL, st_namespace_ref_new_transient_async, error);
}

/**
 * st_space_new_transient: (constructor)
 * @types: kinds of namespaces to make
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes new namespaces, together, without entering them.
 *
 * They are gone with their last user. If a network and a mount namespace are made, the `/sys` of the latter shows the former.
 *
 * What the caller may not make, and user, PID and time namespaces, which no thread can make, come from the default spacer, then
 * all of them; see [ctor@Spacetest.NamespaceRef.new_transient]. If a user namespace is among them, it owns the others.
 *
 * Returns: (transfer full): a new space, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpace *
st_space_new_transient (StNamespaceType types,
                        GError        **error)
{
  g_autoptr (GPtrArray) refs = st_transient_make (types, error);
  return refs ? st_space_new_take (g_steal_pointer (&refs)) : NULL;
}

static gpointer
make_space (GTask   *task,
                GError **error)
{
  return st_space_new_transient (GPOINTER_TO_UINT (g_task_get_task_data (task)), error);
}

/**
 * st_space_new_transient_async:
 * @types: kinds of namespaces to make
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the space is made
 * @user_data: for @callback
 *
 * Makes new namespaces without blocking, on a thread of its own.
 *
 * See [ctor@Spacetest.Space.new_transient].
 *
 * Since: 0.1
 */
void
st_space_new_transient_async (StNamespaceType     types,
                              GCancellable       *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  GTask *task = st_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_space_new_transient_async);
  g_task_set_task_data (task, GUINT_TO_POINTER (types), NULL);
  st_task_make_object (task, make_space);
}

/**
 * st_space_new_transient_finish: (constructor)
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [func@Spacetest.Space.new_transient_async].
 *
 * Returns: (transfer full): a new space, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpace *
st_space_new_transient_finish (GAsyncResult *result,
                               GError      **error)
{
  return st_task_finish_object (result, NULL, st_space_new_transient_async, error);
}
