/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-watch.h"

#include "st-link-private.h"

#include <linux/rtnetlink.h>

/* A watch lives with its source, and knows the link as long as that is there: neither keeps the other. */
struct _StLinkWatch
{
  gatomicrefcount ref_count;
  GWeakRef link;
  GSource *source;
  GSocket *socket;
  StNamespaceRef *ref;
  gulong handler;
  StLinkState last; /* of the context's thread */
};

static void
watch_unref (gpointer data)
{
  StLinkWatch *self = data;
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_weak_ref_clear (&self->link);
  g_source_unref (self->source);
  g_object_unref (self->socket);
  g_object_unref (self->ref);
  g_free (self);
}

static void
watch_unref_closure (gpointer  data,
                     GClosure *closure)
{
  watch_unref (data);
}

/* The socket would keep the network. */
void
st_link_watch_end (StLinkWatch *self)
{
  g_source_destroy (self->source);
  if (g_signal_handler_is_connected (self->ref, self->handler))
    g_signal_handler_disconnect (self->ref, self->handler);
  g_socket_close (self->socket, NULL);
  watch_unref (self);
}

static void
tell (StLink            *link,
      const StLinkState *before,
      const StLinkState *now)
{
  GObject *object = G_OBJECT (link);
  g_object_freeze_notify (object);
  if ((before->index != 0) != (now->index != 0))
    g_object_notify (object, "present");
  if (now->index && !g_str_equal (before->name, now->name))
    g_object_notify (object, "name");
  if (before->mtu != now->mtu)
    g_object_notify (object, "mtu");
  if (before->hardware_size != now->hardware_size || memcmp (before->hardware, now->hardware, now->hardware_size) != 0)
    g_object_notify (object, "mac");
  if ((before->flags ^ now->flags) & IFF_UP)
    g_object_notify (object, "up");
  if ((before->flags ^ now->flags) & ST_LINK_LOWER_UP)
    g_object_notify (object, "carrier");
  g_object_thaw_notify (object);
}

/* What the events say is old already: they are the reason to look. */
static gboolean
on_event (GSocket     *socket,
          GIOCondition condition,
          gpointer     data)
{
  StLinkWatch *self = data;
  StLinkState now;
  g_autoptr (StLink) link = g_weak_ref_get (&self->link);
  if (!link || g_socket_is_closed (socket))
    return G_SOURCE_REMOVE;
  st_netlink_hear (socket, NULL, NULL);
  st_link_look (link, &now);
  const StLinkState before = self->last;
  self->last = now;
  tell (link, &before, &now);
  return G_SOURCE_CONTINUE;
}

static void
on_closed (StNamespaceRef *ref,
           GParamSpec     *pspec,
           gpointer        data)
{
  StLinkWatch *self = data;
  g_autoptr (StLink) link = g_weak_ref_get (&self->link);
  if (!link || !st_namespace_ref_is_closed (ref))
    return;
  st_link_unwatch (link);
  g_object_notify (G_OBJECT (link), "present");
}

static StLinkWatch *
watch_new (StLink       *link,
           StLinkPlace  *place,
           GMainContext *context,
           GError      **error)
{
  static const int groups[] = { RTNLGRP_LINK, 0 };
  g_autoptr (GSocket) socket = st_netlink_listen (ST_SPACE (place->ref), groups, error);
  if (!socket)
    return NULL;
  StLinkWatch *self = g_new0 (StLinkWatch, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->link, link);
  self->socket = g_object_ref (socket);
  self->ref = g_object_ref (place->ref);
  st_link_look (link, &self->last);
  self->source = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_static_name (self->source, "[spacetest] link");
  g_atomic_ref_count_inc (&self->ref_count);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_event), self, watch_unref);
  g_atomic_ref_count_inc (&self->ref_count);
  self->handler = g_signal_connect_data (self->ref, "notify::closed", G_CALLBACK (on_closed), self, watch_unref_closure, 0);
  g_source_attach (self->source, context);
  return self;
}

static gboolean
start (StLink       *self,
       GMainContext *context,
       GError      **error)
{
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return FALSE;
  StLinkWatch *made = watch_new (self, &place, context, error);
  if (!made)
    return FALSE;
  g_mutex_lock (&self->lock);
  StLinkWatch *old = g_steal_pointer (&self->watch);
  self->watch = made;
  g_mutex_unlock (&self->lock);
  if (old)
    st_link_watch_end (old);
  return TRUE;
}

/* The link has gone to another network. */
void
st_link_watch_follow (StLink *self)
{
  g_mutex_lock (&self->lock);
  GMainContext *context = self->watch ? g_source_get_context (self->watch->source) : NULL;
  if (context)
    g_main_context_ref (context);
  g_mutex_unlock (&self->lock);
  if (!context)
    return;
  start (self, context, NULL);
  g_main_context_unref (context);
}

/**
 * st_link_watch:
 * @self: a link
 * @error: return location for a [error@Spacetest.Error]
 *
 * From now on, changes of the link are told by [signal@GObject.Object::notify], in the calling thread's default main context: name, mtu, mac,
 * up, carrier and present.
 *
 * The watch ends with [method@Spacetest.Link.unwatch], with the object, or when the reference of the network is closed. Called again,
 * it goes on in the main context of the thread that calls.
 *
 * ```python
 * cable.connect("notify::carrier", lambda link, _: print(link.get_name(), link.props.carrier))
 * cable.watch()
 * ```
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_watch (StLink  *self,
               GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  return start (self, context, error);
}

/**
 * st_link_unwatch:
 * @self: a link
 *
 * Ends what [method@Spacetest.Link.watch] began, if it did.
 *
 * Since: 0.1
 */
void
st_link_unwatch (StLink *self)
{
  g_return_if_fail (ST_IS_LINK (self));
  g_mutex_lock (&self->lock);
  StLinkWatch *watch = g_steal_pointer (&self->watch);
  g_mutex_unlock (&self->lock);
  if (watch)
    st_link_watch_end (watch);
}
