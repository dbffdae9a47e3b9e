/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-network-private.h"

#include "st-error-private.h"
#include "st-thread-private.h"
#include "st-namespace-ref-private.h"
#include "st-space-private.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

struct _StNetwork
{
  gatomicrefcount ref_count;
  pid_t pid;          /* a forked child shares the socket, but neither answers nor links are its own */
  StNetlink *netlink;
  GMutex lock;
  GArray *made;       /* indices, guarded by lock */
};

static GMutex networks_lock; /* of the references' data */

static G_DEFINE_QUARK (st-network, st_network)

static StNetwork *
st_network_new (StNamespaceRef *ref,
                GError        **error)
{
  g_autoptr (StNetlink) netlink = st_netlink_new (ST_SPACE (ref), NETLINK_ROUTE, error);
  if (!netlink)
    return NULL;
  StNetwork *self = g_new0 (StNetwork, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->pid = getpid ();
  self->netlink = g_steal_pointer (&netlink);
  self->made = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

void
st_network_unref (StNetwork *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  st_netlink_free (self->netlink);
  g_array_unref (self->made);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
delete_link (StNetwork *self,
             guint      index)
{
  const struct ifinfomsg header = { .ifi_index = (int) index };
  st_netlink_ask (self->netlink, st_netlink_message (RTM_DELLINK, 0, &header, sizeof header), NULL, NULL, NULL);
}

/* The kernel takes some 15 ms for each link, but not much longer for a group of them. Nobody else has one of that number. */
static void
delete_links (StNetwork    *self,
              const GArray *made)
{
  const guint32 group = g_random_int () | 1U << 31;
  for (guint i = 0; i < made->len; i++)
    {
      const struct ifinfomsg header = { .ifi_index = (int) g_array_index (made, guint, i) };
      struct nl_msg *mark = st_netlink_message (RTM_SETLINK, 0, &header, sizeof header);
      st_netlink_put_u32 (mark, IFLA_GROUP, group);
      st_netlink_ask (self->netlink, mark, NULL, NULL, NULL);
    }
  const struct ifinfomsg header = { 0 };
  struct nl_msg *request = st_netlink_message (RTM_DELLINK, 0, &header, sizeof header);
  st_netlink_put_u32 (request, IFLA_GROUP, group);
  st_netlink_ask (self->netlink, request, NULL, NULL, NULL);
}

/* Cables are pulled here, so that nothing of them is left at the other end while the kernel takes its time to clear the network. */
static void
st_network_end (gpointer data)
{
  g_autoptr (StNetwork) self = data;
  g_mutex_lock (&self->lock);
  g_autoptr (GArray) made = g_steal_pointer (&self->made);
  self->made = g_array_new (FALSE, FALSE, sizeof (guint));
  g_mutex_unlock (&self->lock);
  if (made->len == 0 || self->pid != getpid ())
    return;
  if (made->len > 1)
    delete_links (self, made);
  else
    delete_link (self, g_array_index (made, guint, 0));
}

static StNetwork *
steal (StNamespaceRef *ref)
{
  g_mutex_lock (&networks_lock);
  StNetwork *self = g_object_steal_qdata (G_OBJECT (ref), st_network_quark ());
  g_mutex_unlock (&networks_lock);
  return self;
}

static void
on_closed (StNamespaceRef *ref)
{
  StNetwork *self = st_namespace_ref_is_closed (ref) ? steal (ref) : NULL;
  if (self)
    st_network_end (self);
}

static StNetwork *
peek (StNamespaceRef *ref)
{
  g_mutex_lock (&networks_lock);
  StNetwork *self = g_object_get_qdata (G_OBJECT (ref), st_network_quark ());
  if (self && self->pid == getpid ())
    g_atomic_ref_count_inc (&self->ref_count);
  else
    self = NULL;
  g_mutex_unlock (&networks_lock);
  return self;
}

/* Of two threads that come at once, the first has made it. */
static void
keep (StNamespaceRef *ref,
      StNetwork      *made)
{
  g_mutex_lock (&networks_lock);
  StNetwork *old = g_object_get_qdata (G_OBJECT (ref), st_network_quark ());
  const gboolean wins = !old || old->pid != getpid ();
  if (wins)
    {
      old = g_object_steal_qdata (G_OBJECT (ref), st_network_quark ());
      g_atomic_ref_count_inc (&made->ref_count);
      g_object_set_qdata_full (G_OBJECT (ref), st_network_quark (), made, st_network_end);
    }
  g_mutex_unlock (&networks_lock);
  if (wins && old)
    st_network_end (old);
  else if (wins)
    g_signal_connect (ref, "notify::closed", G_CALLBACK (on_closed), NULL);
}

/* Of an open reference. */
StNetwork *
st_network_get (StNamespaceRef *ref,
                GError        **error)
{
  StNetwork *self = peek (ref);
  if (self)
    return self;
  g_autoptr (StNetwork) made = st_network_new (ref, error);
  if (!made)
    return NULL;
  keep (ref, made);
  on_closed (ref);
  self = peek (ref);
  if (!self)
    st_error_set_closed (error, "namespace reference");
  return self;
}

StNetlink *
st_network_get_netlink (StNetwork *self)
{
  return self->netlink;
}

/* Nobody means the network of home who names a space without one. */
static StNamespaceRef *
find_current (GError **error)
{
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_current (ST_NAMESPACE_NET, error);
  if (!ref || st_thread_is_home (&st_kinds[ST_KIND_NET]) == 0)
    return g_steal_pointer (&ref);
  g_set_error (error, ST_ERROR, ST_ERROR_WOULD_TOUCH_HOST,
               "this space has no network, and the calling thread is at home (give a reference to the network that is meant)");
  return NULL;
}

/* That of the space, or where the calling thread is on a visit; but not for a space that is closed. */
StNamespaceRef *
st_network_find (StSpace *space,
                 GError **error)
{
  const StNamespaceType types = st_space_get_types (space);
  g_auto (StHandleSet) all = { 0 };
  if (!st_space_acquire (space, &all, error))
    return NULL;
  if (!(types & ST_NAMESPACE_NET))
    return find_current (error);
  StNamespaceRef *ref = st_space_get_ref (space, ST_NAMESPACE_NET, error);
  return ref ? g_object_ref (ref) : NULL;
}

void
st_network_add_made (StNetwork *self,
                     guint      index)
{
  g_mutex_lock (&self->lock);
  g_array_append_val (self->made, index);
  g_mutex_unlock (&self->lock);
}

/* Finds its place, or says that there is none. */
static guint
find_made (StNetwork *self,
           guint      index)
{
  guint place = 0;
  while (place < self->made->len && g_array_index (self->made, guint, place) != index)
    place++;
  return place;
}

void
st_network_remove_made (StNetwork *self,
                        guint      index)
{
  g_mutex_lock (&self->lock);
  const guint place = find_made (self, index);
  if (place < self->made->len)
    g_array_remove_index (self->made, place);
  g_mutex_unlock (&self->lock);
}

gboolean
st_network_has_made (StNetwork *self,
                     guint      index)
{
  g_mutex_lock (&self->lock);
  const gboolean has = find_made (self, index) < self->made->len;
  g_mutex_unlock (&self->lock);
  return has;
}
