/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-namespace-ref-private.h"

#include "st-error-private.h"
#include "st-strays-private.h"

/**
 * StNamespaceRef:
 *
 * A reference that keeps one namespace alive and knows which one it is: a space of one.
 *
 * A reference owns one close-on-exec descriptor, opened once and checked for what it is. It is the same in every process and
 * thread; what it can be used for depends on who uses it.
 *
 * [method@Spacetest.NamespaceRef.equal] and [method@Spacetest.NamespaceRef.hash] make references fit for a
 * [struct@GLib.HashTable]. All methods can be called from any thread.
 *
 * ```c
 * g_autoptr (StNamespaceRef) net = st_namespace_ref_new_for_path ("/run/netns/blue", ST_NAMESPACE_NET, &error);
 * ```
 *
 * Since: 0.1
 */
G_DEFINE_TYPE (StNamespaceRef, st_namespace_ref, ST_TYPE_SPACE)

enum
{
  PROP_CLOSED = 1,
  PROP_FROM_SPACER,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

StHandle *
st_namespace_ref_dup_handle (StNamespaceRef *self,
                             GError        **error)
{
  g_mutex_lock (&self->lock);
  StHandle *handle = self->handle ? st_handle_ref (self->handle) : NULL;
  g_mutex_unlock (&self->lock);
  if (!handle)
    st_error_set_closed (error, "namespace reference");
  return handle;
}

static gboolean
st_namespace_ref_acquire (StSpace     *space,
                          StHandleSet *set,
                          GError     **error)
{
  StHandle *handle = st_namespace_ref_dup_handle (ST_NAMESPACE_REF (space), error);
  if (handle)
    set->of_kind[handle->kind->index] = handle;
  return handle != NULL;
}

static StNamespaceType
st_namespace_ref_get_types (StSpace *space)
{
  StNamespaceRef *self = ST_NAMESPACE_REF (space);
  return self->kind ? self->kind->flag : ST_NAMESPACE_NONE;
}

static StNamespaceRef *
st_namespace_ref_get_ref (StSpace        *space,
                          StNamespaceType type)
{
  return ST_NAMESPACE_REF (space);
}

static void
st_namespace_ref_real_close (StNamespaceRef *self)
{
  g_mutex_lock (&self->lock);
  StHandle *handle = g_steal_pointer (&self->handle);
  g_mutex_unlock (&self->lock);
  st_space_stop_workers (ST_SPACE (self));
  if (!handle)
    return;
  if (self->is_ours)
    st_strays_check ();
  st_handle_unref (handle);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOSED]);
}

static void
st_namespace_ref_get_property (GObject    *object,
                               guint       id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  if (id == PROP_CLOSED)
    g_value_set_boolean (value, st_namespace_ref_is_closed (ST_NAMESPACE_REF (object)));
  else if (id == PROP_FROM_SPACER)
    g_value_set_boolean (value, st_namespace_ref_is_from_spacer (ST_NAMESPACE_REF (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_namespace_ref_dispose (GObject *object)
{
  st_namespace_ref_close (ST_NAMESPACE_REF (object));
  G_OBJECT_CLASS (st_namespace_ref_parent_class)->dispose (object);
}

static void
st_namespace_ref_finalize (GObject *object)
{
  g_mutex_clear (&ST_NAMESPACE_REF (object)->lock);
  g_free (ST_NAMESPACE_REF (object)->path);
  G_OBJECT_CLASS (st_namespace_ref_parent_class)->finalize (object);
}

static void
st_namespace_ref_class_init (StNamespaceRefClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  StSpaceClass *space_class = (StSpaceClass *) klass;
  object_class->get_property = st_namespace_ref_get_property;
  object_class->dispose = st_namespace_ref_dispose;
  object_class->finalize = st_namespace_ref_finalize;
  space_class->acquire = st_namespace_ref_acquire;
  space_class->get_types = st_namespace_ref_get_types;
  space_class->get_ref = st_namespace_ref_get_ref;
  klass->close = st_namespace_ref_real_close;

  /**
   * StNamespaceRef:closed: (getter is_closed)
   *
   * Whether the reference holds nothing (any more).
   *
   * Since: 0.1
   */
  properties[PROP_CLOSED] =
    g_param_spec_boolean ("closed", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * StNamespaceRef:from-spacer: (getter is_from_spacer)
   *
   * Whether a spacer made the namespace.
   *
   * Since: 0.1
   */
  properties[PROP_FROM_SPACER] =
    g_param_spec_boolean ("from-spacer", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_namespace_ref_init (StNamespaceRef *self)
{
  g_mutex_init (&self->lock);
}

static void (*open_hook) (StNamespaceRef *self);

void
st_namespace_ref_set_hook (void (*hook) (StNamespaceRef *self))
{
  g_atomic_pointer_set (&open_hook, hook);
}

/* Takes @handle. Once, before anybody else knows of @self. */
void
st_namespace_ref_take_handle (StNamespaceRef *self,
                              StHandle       *handle)
{
  self->handle = handle;
  self->kind = handle->kind;
  self->identity = handle->identity;
  self->from_spacer = handle->broker != NULL;
  void (*hook) (StNamespaceRef *) = g_atomic_pointer_get (&open_hook);
  if (G_UNLIKELY (hook))
    hook (self);
}

/* The same for a namespace that is new. */
void
st_namespace_ref_take_made (StNamespaceRef *self,
                            StHandle       *handle)
{
  st_namespace_ref_take_handle (self, handle);
  self->is_ours = TRUE;
}

/* Takes @handle; NULL gives NULL. */
StNamespaceRef *
st_namespace_ref_new_take_handle (StHandle *handle)
{
  if (!handle)
    return NULL;
  StNamespaceRef *self = g_object_new (ST_TYPE_NAMESPACE_REF, NULL);
  st_namespace_ref_take_handle (self, handle);
  return self;
}

/**
 * st_namespace_ref_peek_fd:
 * @self: a reference
 * @error: return location for a %ST_ERROR_CLOSED
 *
 * Gets the descriptor of the namespace, which belongs to the reference.
 *
 * It is good until the reference is closed; use [method@Spacetest.NamespaceRef.dup_fd] to keep one.
 *
 * Returns: a descriptor, or -1 with @error set
 *
 * Since: 0.1
 */
int
st_namespace_ref_peek_fd (StNamespaceRef *self,
                          GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), -1);
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (self, error);
  return handle ? handle->fd : -1;
}

/**
 * st_namespace_ref_dup_fd:
 * @self: a reference
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets a close-on-exec descriptor of the namespace, which the caller must close.
 *
 * Returns: a descriptor, or -1 with @error set
 *
 * Since: 0.1
 */
int
st_namespace_ref_dup_fd (StNamespaceRef *self,
                         GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), -1);
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (self, error);
  if (!handle)
    return -1;
  int fd = st_system_dup (handle->fd);
  if (fd >= 0)
    return fd;
  st_error_set_result (error, fd, "cannot duplicate the descriptor of this %s namespace", handle->kind->name);
  return -1;
}

/**
 * st_namespace_ref_is_from_spacer: (get-property from-spacer)
 * @self: a reference
 *
 * Whether a spacer made the namespace, because the caller asked it to, or because the caller may not make namespaces himself.
 *
 * What the caller may not do there, the spacer does as long as it is not closed: sockets, programs, files. Threads of the caller
 * can enter the namespace only with the permission that they would need for any other.
 *
 * Returns: %TRUE if it does; it stays so after closing
 *
 * Since: 0.1
 */
gboolean
st_namespace_ref_is_from_spacer (StNamespaceRef *self)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), FALSE);
  return self->from_spacer;
}

/**
 * st_namespace_ref_is_closed: (get-property closed)
 * @self: a reference
 *
 * Whether the reference holds nothing (any more).
 *
 * Returns: %TRUE after [method@Spacetest.NamespaceRef.close], and if @self was made without its constructor
 *
 * Since: 0.1
 */
gboolean
st_namespace_ref_is_closed (StNamespaceRef *self)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), TRUE);
  g_mutex_lock (&self->lock);
  gboolean closed = self->handle == NULL;
  g_mutex_unlock (&self->lock);
  return closed;
}

/**
 * st_namespace_ref_close:
 * @self: a reference
 *
 * Lets go of the namespace, now. Closing twice is closing once.
 *
 * Who is in a visit stays there and comes home as usual. The thread behind [method@Spacetest.Space.run_in_thread] ends after
 * what is queued, and this waits for it, unless it is called there. From then on every method that needs the namespace fails with
 * %ST_ERROR_CLOSED, and so do the spaces that hold the reference.
 *
 * Since: 0.1
 */
void
st_namespace_ref_close (StNamespaceRef *self)
{
  g_return_if_fail (ST_IS_NAMESPACE_REF (self));
  ((StNamespaceRefClass *) ((GTypeInstance *) self)->g_class)->close (self);
}
