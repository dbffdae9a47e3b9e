/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What spacers make: subspaces, and namespaces. */
#include "st-spacer-private.h"

#include "st-answer-private.h"
#include "st-error-private.h"
#include "st-namespace-type-private.h"
#include "st-request-private.h"
#include "st-space-private.h"
#include "st-spacer-options-private.h"
#include "st-task-private.h"
#include "st-transient-private.h"

#include <unistd.h>

#define SUBSPACE_KINDS (ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_TIME)
#define SPACE_KINDS                                                                                      \
  (ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_TIME | ST_NAMESPACE_UTS)

static gboolean
check_kinds (StNamespaceType types,
             StNamespaceType possible,
             const char     *what,
             const char     *instead,
             GError        **error)
{
  if (!st_namespace_types_check (types, error))
    return FALSE;
  if ((types & ~possible) == 0)
    return TRUE;
  g_autofree char *wrong = st_namespace_types_to_string (types & ~possible);
  g_autofree char *right = st_namespace_types_to_string (possible);
  g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot create %s with a new %s namespace: it can be %s (%s)", what, wrong, right,
               instead);
  return FALSE;
}

/* What a request is made of, and what its answer needs. */
typedef struct
{
  StNamespaceType types;
  int connection;         /* of a subspace: our end, or -1 */
  GMainContext *context;  /* ... and where its death is told, or NULL */
} Order;

static Order *
order_new (StNamespaceType types,
           GMainContext   *context)
{
  Order *self = g_new (Order, 1);
  *self = (Order){ types, -1, context ? g_main_context_ref (context) : NULL };
  return self;
}

static void
order_free (gpointer data)
{
  Order *self = data;
  if (self->connection >= 0)
    close (self->connection);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Order, order_free)

static gboolean
order_subspace (Order           *self,
                StSpacerOptions *options,
                StWireMessage   *request,
                GError         **error)
{
  int sockets[2];
  if (!check_kinds (self->types, SUBSPACE_KINDS, "a subspace", "for the others, see create_space", error))
    return FALSE;
  int result = st_wire_pair (sockets);
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot connect to a new helper process");
      return FALSE;
    }
  self->connection = sockets[0];
  st_request_begin (request, ST_WIRE_SUBSPACE);
  st_wire_add_fd (request, sockets[1]);
  request->record.subspace.kinds = self->types;
  if (st_spacer_options_fill (options, self->types, request, error))
    return TRUE;
  st_wire_close_fds (request);
  return FALSE;
}

static gpointer
take_subspace (StChannel     *channel,
               StWireMessage *answer,
               gpointer       data,
               GError       **error)
{
  Order *order = data;
  g_auto (StHandleSet) home = { 0 };
  if (!st_answer_check_kinds (answer, order->types, TRUE, 1, error))
    return NULL;
  if (!st_system_is_pidfd (answer->fds[0]))
    {
      st_answer_set_nonsense (error, "no descriptor of a process");
      return NULL;
    }
  if (!st_answer_take_handles (answer, 1, &home, error))
    return NULL;
  StChannel *below = st_channel_new_below (channel, g_steal_fd (&order->connection), st_wire_take_fd (answer, 0), &home);
  return st_spacer_new_take (below, order->context, error);
}

static gboolean
order_space (Order         *self,
             StWireMessage *request,
             GError       **error)
{
  if (!check_kinds (self->types, SPACE_KINDS, "a space", "for user and pid, see create_subspace", error))
    return FALSE;
  st_request_begin (request, ST_WIRE_SPACE);
  request->record.space.kinds = self->types;
  request->record.space.loopback_up = TRUE;
  return TRUE;
}

static gpointer
take_space (StChannel     *channel,
            StWireMessage *answer,
            gpointer       data,
            GError       **error)
{
  const Order *order = data;
  g_auto (StHandleSet) made = { 0 };
  StSysfs sysfs;
  if (!st_answer_check_kinds (answer, order->types, FALSE, 0, error) || !st_answer_take_made (answer, &made, &sysfs, channel, error))
    return NULL;
  return st_space_new_take (st_transient_take_made (&made, sysfs));
}

static gpointer
take_ref (StChannel     *channel,
          StWireMessage *answer,
          gpointer       data,
          GError       **error)
{
  const Order *order = data;
  g_autoptr (StSpace) space = take_space (channel, answer, data, error);
  return space ? g_object_ref (st_space_get_ref (space, order->types, NULL)) : NULL;
}

/* One kind, and not more, for who asks for a single reference. */
static gboolean
order_ref (Order         *self,
           StWireMessage *request,
           GError       **error)
{
  return st_namespace_type_check_one (self->types, error) && order_space (self, request, error);
}

/**
 * st_spacer_create_subspace:
 * @self: a spacer
 * @types: user, PID and time namespaces, at least one
 * @options: (nullable): what else there is to say of the subspace
 * @cancellable: (nullable): to stop waiting
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a helper process that lives in new namespaces below those of this one.
 *
 * A new PID namespace comes with a mount namespace that has a fresh `/proc`; the helper is its init: when it ends, all
 * processes in there do. In a new user namespace the maker's ids are mapped as [property@Spacetest.SpacerOptions:id-map] says.
 * Clocks of a time namespace are set by the options.
 *
 * Subspaces nest as deep as the kernel goes, 33 levels of user namespaces and 32 of PID namespaces; beyond that, and at the limits in `/proc/sys/user`, it is
 * %ST_ERROR_EXHAUSTED with the level.
 *
 * Without a user namespace of its own the helper needs `CAP_SYS_ADMIN`: %ST_ERROR_PERMISSION_DENIED otherwise. Other kinds, and none,
 * are %ST_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a spacer that lives in the subspace, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpacer *
st_spacer_create_subspace (StSpacer        *self,
                           StNamespaceType  types,
                           StSpacerOptions *options,
                           GCancellable    *cancellable,
                           GError         **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), NULL);
  g_return_val_if_fail (options == NULL || ST_IS_SPACER_OPTIONS (options), NULL);
  StWireMessage request;
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (Order) order = order_new (types, context);
  StChannel *channel = st_spacer_get_channel (self, error);
  if (!channel || !order_subspace (order, options, &request, error))
    return NULL;
  return st_request_run (channel, &request, take_subspace, order, cancellable, error);
}

typedef gboolean (*OrderFunc) (Order         *self,
                               StWireMessage *request,
                               GError       **error);

static gpointer
create (StSpacer       *self,
        StNamespaceType types,
        OrderFunc       make_request,
        StAnswerFunc    take_answer,
        GCancellable   *cancellable,
        GError        **error)
{
  StWireMessage request;
  g_autoptr (Order) order = order_new (types, NULL);
  StChannel *channel = st_spacer_get_channel (self, error);
  if (!channel || !make_request (order, &request, error))
    return NULL;
  return st_request_run (channel, &request, take_answer, order, cancellable, error);
}

/* Takes @task, and @order, which has become @request unless there is an @error. */
static void
run_task (GTask         *task,
          Order         *order,
          StWireMessage *request,
          StAnswerFunc   take_answer,
          GError        *error)
{
  StSpacer *self = g_task_get_source_object (task);
  if (!error)
    {
      st_request_run_task (st_spacer_get_channel (self, NULL), request, take_answer, order, order_free, task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
  order_free (order);
}

static void
create_for_task (GTask          *task,
                 StNamespaceType types,
                 OrderFunc       make_request,
                 StAnswerFunc    take_answer)
{
  StWireMessage request;
  GError *error = NULL;
  Order *order = order_new (types, NULL);
  if (st_spacer_get_channel (g_task_get_source_object (task), &error))
    make_request (order, &request, &error);
  run_task (task, order, &request, take_answer, error);
}

/**
 * st_spacer_create_subspace_async:
 * @self: a spacer
 * @types: user, PID and time namespaces, at least one
 * @options: (nullable): what else there is to say of the subspace
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the subspace is made
 * @user_data: for @callback
 *
 * Makes a helper process that lives in new namespaces below those of this one, without blocking.
 *
 * See [method@Spacetest.Spacer.create_subspace].
 *
 * Since: 0.1
 */
void
st_spacer_create_subspace_async (StSpacer           *self,
                                 StNamespaceType     types,
                                 StSpacerOptions    *options,
                                 GCancellable       *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACER (self));
  g_return_if_fail (options == NULL || ST_IS_SPACER_OPTIONS (options));
  StWireMessage request;
  GError *error = NULL;
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  Order *order = order_new (types, g_task_get_context (task));
  g_task_set_source_tag (task, st_spacer_create_subspace_async);
  if (st_spacer_get_channel (self, &error))
    order_subspace (order, options, &request, &error);
  run_task (task, order, &request, take_subspace, error);
}

/**
 * st_spacer_create_subspace_finish:
 * @self: a spacer
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Spacer.create_subspace_async].
 *
 * Returns: (transfer full): a spacer that lives in the subspace, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpacer *
st_spacer_create_subspace_finish (StSpacer     *self,
                                  GAsyncResult *result,
                                  GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), NULL);
  return st_task_finish_object (result, self, st_spacer_create_subspace_async, error);
}

/**
 * st_spacer_create_space:
 * @self: a spacer
 * @types: cgroup, IPC, mount, network, time and UTS namespaces, at least one
 * @cancellable: (nullable): to stop waiting
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes new namespaces, together, where the helper process lives.
 *
 * They belong to the user namespace of the helper, and are gone with their last user. A network comes as a
 * [class@Spacetest.TransientNetns] with `lo` up, a mount namespace as a [class@Spacetest.TransientMntns] that is private and whose `/sys`
 * shows the network, if there is one.
 *
 * Without `CAP_SYS_ADMIN` in the user namespace of the helper, which it has in a subspace with a user namespace, this is
 * %ST_ERROR_PERMISSION_DENIED. At the limits in `/proc/sys/user` it is %ST_ERROR_EXHAUSTED. Either all are made or none.
 *
 * Returns: (transfer full): a new space, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpace *
st_spacer_create_space (StSpacer       *self,
                        StNamespaceType types,
                        GCancellable   *cancellable,
                        GError        **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), NULL);
  return create (self, types, order_space, take_space, cancellable, error);
}

/**
 * st_spacer_create_space_async:
 * @self: a spacer
 * @types: cgroup, IPC, mount, network, time and UTS namespaces, at least one
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the namespaces are made
 * @user_data: for @callback
 *
 * Makes new namespaces where the helper process lives, without blocking.
 *
 * See [method@Spacetest.Spacer.create_space].
 *
 * Since: 0.1
 */
void
st_spacer_create_space_async (StSpacer           *self,
                              StNamespaceType     types,
                              GCancellable       *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACER (self));
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_spacer_create_space_async);
  create_for_task (task, types, order_space, take_space);
}

/**
 * st_spacer_create_space_finish:
 * @self: a spacer
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Spacer.create_space_async].
 *
 * Returns: (transfer full): a new space, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpace *
st_spacer_create_space_finish (StSpacer     *self,
                               GAsyncResult *result,
                               GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), NULL);
  return st_task_finish_object (result, self, st_spacer_create_space_async, error);
}

/**
 * st_spacer_create_transient:
 * @self: a spacer
 * @type: a cgroup, IPC, mount, network, time or UTS namespace
 * @cancellable: (nullable): to stop waiting
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a new namespace where the helper process lives.
 *
 * See [method@Spacetest.Spacer.create_space].
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_spacer_create_transient (StSpacer       *self,
                            StNamespaceType type,
                            GCancellable   *cancellable,
                            GError        **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), NULL);
  return create (self, type, order_ref, take_ref, cancellable, error);
}

/**
 * st_spacer_create_transient_async:
 * @self: a spacer
 * @type: a cgroup, IPC, mount, network, time or UTS namespace
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the namespace is made
 * @user_data: for @callback
 *
 * Makes a new namespace where the helper process lives, without blocking.
 *
 * See [method@Spacetest.Spacer.create_space].
 *
 * Since: 0.1
 */
void
st_spacer_create_transient_async (StSpacer           *self,
                                  StNamespaceType     type,
                                  GCancellable       *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACER (self));
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_spacer_create_transient_async);
  create_for_task (task, type, order_ref, take_ref);
}

/**
 * st_spacer_create_transient_finish:
 * @self: a spacer
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Spacer.create_transient_async].
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_spacer_create_transient_finish (StSpacer     *self,
                                   GAsyncResult *result,
                                   GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), NULL);
  return st_task_finish_object (result, self, st_spacer_create_transient_async, error);
}
