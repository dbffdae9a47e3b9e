/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-private.h"

#include "st-error-private.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

/**
 * StLink:
 *
 * A network interface: in any network, used from here.
 *
 * ```python
 * cable = Spacetest.Link.new_cable(alice, "10.0.0.1/24", bob, "10.0.0.2/24")
 * for end in (cable, cable.get_peer()):
 *     end.wait_ready(None)
 * ```
 *
 * What is asked for is done when the call returns. Properties ask the kernel each time they are read. Of a link that is gone, `present`
 * is %FALSE, the name, index and kind are the last ones, and everything else is %FALSE, 0 or %NULL.
 *
 * [signal@GObject.Object::notify] comes to those who asked for it with [method@Spacetest.Link.watch].
 *
 * The object is not the interface: it can be dropped, and another one made by name. An interface that this library made lives until
 * [method@Spacetest.Link.delete], or until the reference of the network that it was made with is closed or dropped, whichever is
 * first; links keep the reference. So cables are pulled before their networks go, and nothing of them is left at the other end. That
 * goes for the caller's own network, too. Where there are two references of one network, it is the one that was used. (A process that
 * is killed pulls no cables: then the kernel does, when a network at one of the ends is gone. What was made in a network that stays,
 * and has no other end, stays.)
 *
 * A reference to the network of home is taken at its word, so that a cable can lead there: as root, that changes the network of the machine. A
 * space without a network is refused at home. See the guide to networks for what stays there.
 *
 * To change something takes `CAP_NET_ADMIN` in the user namespace that owns the network, see the guide to privileges; without, it is
 * %ST_ERROR_PERMISSION_DENIED. To look takes nothing. A name that is taken is %ST_ERROR_EXISTS; a name, an address or a number that
 * can't be is %ST_ERROR_INVALID_ARGUMENT. [ip-link(8)](man:ip-link(8)) and [ip-address(8)](man:ip-address(8)) describe what there is.
 *
 * All methods can be called from any thread.
 *
 * Since: 0.1
 */

G_DEFINE_FINAL_TYPE (StLink, st_link, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_INDEX,
  PROP_KIND,
  PROP_MAC,
  PROP_MTU,
  PROP_UP,
  PROP_CARRIER,
  PROP_PRESENT,
  PROP_NETWORK,
  PROP_READY_TIMEOUT,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

#define DEFAULT_READY_TIMEOUT 10000

StLink *
st_link_new_take (StNamespaceRef    *network,
                  const StLinkState *state)
{
  StLink *self = g_object_new (ST_TYPE_LINK, NULL);
  self->network = network;
  self->index = self->last_index = state->index;
  self->name = g_strdup (state->name);
  self->kind = g_strdup (state->kind);
  return self;
}

/* The first keeps the second. */
void
st_link_pair (StLink *self,
              StLink *peer)
{
  self->peer = peer;
  g_weak_ref_set (&peer->keeper, self);
  peer->other_network = g_object_ref (self->network);
  peer->other_index = self->index;
}

void
st_link_place_clear (StLinkPlace *place)
{
  g_clear_pointer (&place->network, st_network_unref);
  g_clear_object (&place->ref);
  g_clear_pointer (&place->name, g_free);
}

gboolean
st_link_locate (StLink      *self,
                StLinkPlace *place,
                GError     **error)
{
  g_mutex_lock (&self->lock);
  place->ref = self->network ? g_object_ref (self->network) : NULL;
  place->index = self->index;
  place->name = g_strdup (self->name);
  g_mutex_unlock (&self->lock);
  if (!place->ref)
    return st_error_set_closed (error, "link");
  if (place->index == 0)
    return st_link_place_failed (place, -ENODEV, NULL, "use", error);
  place->network = st_network_get (place->ref, error);
  if (!place->network)
    return FALSE;
  place->netlink = st_network_get_netlink (place->network);
  return TRUE;
}

struct nl_msg *
st_link_message (int   type,
                 guint index)
{
  const struct ifinfomsg header = { .ifi_index = (int) index };
  return st_netlink_message (type, 0, &header, sizeof header);
}

gboolean
st_link_place_failed (const StLinkPlace *place,
                      int                result,
                      const char        *words,
                      const char        *what,
                      GError           **error)
{
  g_autofree char *where = st_namespace_ref_to_string (place->ref);
  g_autofree char *step = g_strdup_printf ("cannot %s link \"%s\" in %s", what, place->name, where);
  st_netlink_set_error (error, result, words, step);
  return FALSE;
}

gboolean
st_link_place_do (const StLinkPlace *place,
                  struct nl_msg     *request,
                  GError           **error,
                  const char        *format,
                  ...)
{
  g_autofree char *words = NULL;
  const int result = st_netlink_ask (place->netlink, request, NULL, NULL, &words);
  if (result == 0)
    return TRUE;
  va_list args;
  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  return st_link_place_failed (place, result, words, what, error);
}

void
st_link_learn (StLink            *self,
               const StLinkState *state)
{
  g_mutex_lock (&self->lock);
  if (state->index == self->index)
    {
      g_free (self->name);
      self->name = g_strdup (state->name);
    }
  g_mutex_unlock (&self->lock);
}

/* FALSE, and a state with nothing in it, if the link is gone. */
gboolean
st_link_look (StLink      *self,
              StLinkState *state)
{
  g_auto (StLinkPlace) place = { 0 };
  *state = (StLinkState){ 0 };
  if (!st_link_locate (self, &place, NULL))
    return FALSE;
  if (st_link_state_get (place.netlink, place.index, NULL, state) < 0)
    {
      *state = (StLinkState){ 0 };
      return FALSE;
    }
  st_link_learn (self, state);
  return TRUE;
}

static void
st_link_get_property (GObject    *object,
                      guint       id,
                      GValue     *value,
                      GParamSpec *pspec)
{
  StLink *self = ST_LINK (object);
  switch (id)
    {
    case PROP_NAME:
      g_value_take_string (value, st_link_get_name (self));
      break;
    case PROP_INDEX:
      g_value_set_uint (value, st_link_get_index (self));
      break;
    case PROP_KIND:
      g_value_take_string (value, st_link_get_kind (self));
      break;
    case PROP_MAC:
      g_value_take_string (value, st_link_get_mac (self));
      break;
    case PROP_MTU:
      g_value_set_uint (value, st_link_get_mtu (self));
      break;
    case PROP_UP:
      g_value_set_boolean (value, st_link_is_up (self));
      break;
    case PROP_CARRIER:
      g_value_set_boolean (value, st_link_has_carrier (self));
      break;
    case PROP_PRESENT:
      g_value_set_boolean (value, st_link_is_present (self));
      break;
    case PROP_NETWORK:
      g_value_take_object (value, st_link_get_network (self));
      break;
    case PROP_READY_TIMEOUT:
      g_value_set_uint (value, self->ready_timeout);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
st_link_set_property (GObject      *object,
                      guint         id,
                      const GValue *value,
                      GParamSpec   *pspec)
{
  if (id == PROP_READY_TIMEOUT)
    ST_LINK (object)->ready_timeout = g_value_get_uint (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_link_dispose (GObject *object)
{
  StLink *self = ST_LINK (object);
  g_clear_pointer (&self->watch, st_link_watch_end);
  g_clear_object (&self->peer);
  g_weak_ref_set (&self->keeper, NULL);
  G_OBJECT_CLASS (st_link_parent_class)->dispose (object);
}

static void
st_link_finalize (GObject *object)
{
  StLink *self = ST_LINK (object);
  if (self->fd >= 0)
    close (self->fd);
  g_clear_object (&self->network);
  g_clear_object (&self->other_network);
  g_free (self->name);
  g_free (self->kind);
  g_weak_ref_clear (&self->keeper);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (st_link_parent_class)->finalize (object);
}

static void
st_link_class_init (StLinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_link_get_property;
  object_class->set_property = st_link_set_property;
  object_class->dispose = st_link_dispose;
  object_class->finalize = st_link_finalize;
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  const GParamFlags writable = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * StLink:name: (getter get_name)
   *
   * The name of the interface, or the last one that is known of.
   *
   * Since: 0.1
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, readable);
  /**
   * StLink:index: (getter get_index)
   *
   * The number of the interface in its network.
   *
   * Since: 0.1
   */
  properties[PROP_INDEX] = g_param_spec_uint ("index", NULL, NULL, 0, G_MAXUINT, 0, readable);
  /**
   * StLink:kind: (getter get_kind)
   *
   * What the kernel calls the kind of the interface, like "veth"; %NULL if it has no name for it.
   *
   * Since: 0.1
   */
  properties[PROP_KIND] = g_param_spec_string ("kind", NULL, NULL, NULL, readable);
  /**
   * StLink:mac: (getter get_mac)
   *
   * The hardware address, like "02:00:00:00:00:01"; %NULL if there is none.
   *
   * Since: 0.1
   */
  properties[PROP_MAC] = g_param_spec_string ("mac", NULL, NULL, NULL, readable);
  /**
   * StLink:mtu: (getter get_mtu)
   *
   * The size of the largest packet in bytes.
   *
   * Since: 0.1
   */
  properties[PROP_MTU] = g_param_spec_uint ("mtu", NULL, NULL, 0, G_MAXUINT, 0, readable);
  /**
   * StLink:up: (getter is_up)
   *
   * Whether the interface was brought up.
   *
   * Since: 0.1
   */
  properties[PROP_UP] = g_param_spec_boolean ("up", NULL, NULL, FALSE, readable);
  /**
   * StLink:carrier: (getter has_carrier)
   *
   * Whether there is something at the other end.
   *
   * Since: 0.1
   */
  properties[PROP_CARRIER] = g_param_spec_boolean ("carrier", NULL, NULL, FALSE, readable);
  /**
   * StLink:present: (getter is_present)
   *
   * Whether the interface is there.
   *
   * Since: 0.1
   */
  properties[PROP_PRESENT] = g_param_spec_boolean ("present", NULL, NULL, FALSE, readable);
  /**
   * StLink:network: (getter get_network)
   *
   * The network that the interface is in.
   *
   * Since: 0.1
   */
  properties[PROP_NETWORK] = g_param_spec_object ("network", NULL, NULL, ST_TYPE_NAMESPACE_REF, readable);
  /**
   * StLink:ready-timeout:
   *
   * How long [method@Spacetest.Link.wait_ready] waits, in milliseconds; 0 is for ever.
   *
   * Since: 0.1
   */
  properties[PROP_READY_TIMEOUT] =
    g_param_spec_uint ("ready-timeout", NULL, NULL, 0, G_MAXUINT, DEFAULT_READY_TIMEOUT, writable);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_link_init (StLink *self)
{
  g_mutex_init (&self->lock);
  g_weak_ref_init (&self->keeper, NULL);
  self->fd = -1;
  self->ready_timeout = DEFAULT_READY_TIMEOUT;
}
