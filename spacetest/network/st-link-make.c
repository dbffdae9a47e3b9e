/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-make.h"

#include "st-error-private.h"
#include "st-link-address.h"
#include "st-link-change.h"
#include "st-link-private.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <unistd.h>

G_DEFINE_ENUM_TYPE (StMacvlanMode,
                    st_macvlan_mode,
                    G_DEFINE_ENUM_VALUE (ST_MACVLAN_BRIDGE, "bridge"),
                    G_DEFINE_ENUM_VALUE (ST_MACVLAN_PRIVATE, "private"),
                    G_DEFINE_ENUM_VALUE (ST_MACVLAN_VEPA, "vepa"),
                    G_DEFINE_ENUM_VALUE (ST_MACVLAN_PASSTHRU, "passthru"))

/* One end of what is made. */
typedef struct
{
  StNamespaceRef *ref;
  StNetwork *network;
  StNetlink *netlink;
  int fd;             /* of the network, or -1 */
  const char *wanted; /* the name, or NULL for a free one */
  char *name;
  guint number;       /* of the next free name */
} End;

/* A kind of link. */
typedef struct
{
  const char *kind;
  const char *module;
  const char *prefix; /* of free names */
} Kind;

static void
end_clear (End *end)
{
  g_clear_pointer (&end->network, st_network_unref);
  g_clear_object (&end->ref);
  g_clear_pointer (&end->name, g_free);
  if (end->fd >= 0)
    close (end->fd);
  end->fd = -1;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (End, end_clear)

#define END_INIT { .fd = -1 }

static gboolean
end_open (End        *end,
          StSpace    *space,
          const char *name,
          GError    **error)
{
  end->wanted = name;
  if (name && !st_link_name_check (name, error))
    return FALSE;
  end->ref = st_network_find (space, error);
  end->network = end->ref ? st_network_get (end->ref, error) : NULL;
  if (!end->network)
    return FALSE;
  end->netlink = st_network_get_netlink (end->network);
  end->fd = st_namespace_ref_dup_fd (end->ref, error);
  return end->fd >= 0;
}

static gboolean
end_choose_name (End        *end,
                 const Kind *kind,
                 const char *taken,
                 GError    **error)
{
  g_free (end->name);
  end->name = end->wanted ? g_strdup (end->wanted) : st_link_name_find (end->netlink, kind->prefix, taken, end->number++);
  if (!end->name)
    st_error_set (error, ST_ERROR_FAILED, "cannot list the links of a net namespace to find a free name");
  return end->name != NULL;
}

static gboolean
end_has_link (const End *end)
{
  StLinkState state;
  return st_link_state_get (end->netlink, 0, end->name, &state) == 0;
}

static struct nl_msg *
message_new (const char *name)
{
  const struct ifinfomsg header = { 0 };
  struct nl_msg *message = st_netlink_message (RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  st_netlink_put_text (message, IFLA_IFNAME, name);
  return message;
}

static void
refused (const Kind *kind,
         const End  *end,
         int         result,
         const char *words,
         GError    **error)
{
  g_autofree char *where = st_namespace_ref_to_string (end->ref);
  g_autofree char *step = g_strdup_printf ("cannot make %s link \"%s\" in %s", kind->kind, end->name, where);
  if (result == -EOPNOTSUPP)
    st_error_set (error, ST_ERROR_NOT_SUPPORTED, "%s: %s (this kernel has no module %s)", step, g_strerror (-result), kind->module);
  else if (result == -EEXIST)
    st_error_set (error, ST_ERROR_EXISTS, "%s: there is one already%s%s", step, words ? ": " : "", words ? words : "");
  else
    st_netlink_set_error (error, result, words, step);
}

/* What was made is gone if it is not found. */
static StLink *
adopt (const Kind *kind,
       End        *end,
       GError    **error)
{
  StLinkState state;
  const int result = st_link_state_get (end->netlink, 0, end->name, &state);
  if (result < 0)
    {
      refused (kind, end, result, "it was made, but is not there", error);
      return NULL;
    }
  st_network_add_made (end->network, state.index);
  return st_link_new_take (g_object_ref (end->ref), &state);
}

#define MOST_TRIES 64 /* to get a name that others take at the same time */

static struct nl_msg *
describe_cable (const End *end,
                const End *peer)
{
  const struct ifinfomsg header = { 0 };
  struct nl_msg *message = message_new (end->name);
  struct nlattr *info = st_netlink_open (message, IFLA_LINKINFO);
  st_netlink_put_text (message, IFLA_INFO_KIND, "veth");
  struct nlattr *data = st_netlink_open (message, IFLA_INFO_DATA);
  struct nlattr *other = st_netlink_open (message, VETH_INFO_PEER);
  nlmsg_append (message, (void *) &header, sizeof header, NLMSG_ALIGNTO);
  st_netlink_put_text (message, IFLA_IFNAME, peer->name);
  st_netlink_put_u32 (message, IFLA_NET_NS_FD, (guint32) peer->fd);
  nla_nest_end (message, other);
  nla_nest_end (message, data);
  nla_nest_end (message, info);
  return message;
}

static StLink *
adopt_cable (const Kind *kind,
             End        *end,
             End        *peer,
             GError    **error)
{
  StLink *link = adopt (kind, end, error);
  StLink *other = link ? adopt (kind, peer, error) : NULL;
  if (other)
    {
      st_link_pair (link, other);
      return link;
    }
  g_clear_object (&link);
  return NULL;
}

static StLink *
make_cable (const Kind *kind,
            StSpace    *space,
            const char *name,
            StSpace    *peer_space,
            const char *peer_name,
            GError    **error)
{
  g_auto (End) end = END_INIT;
  g_auto (End) peer = END_INIT;
  if (!end_open (&end, space, name, error) || !end_open (&peer, peer_space, peer_name, error))
    return NULL;
  const gboolean at_one_place = st_namespace_ref_equal (end.ref, peer.ref);
  if (at_one_place && name && g_strcmp0 (name, peer_name) == 0)
    {
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "cannot make a cable from \"%s\" to itself: give the ends two names", name);
      return NULL;
    }
  int result = -EEXIST;
  g_autofree char *words = NULL;
  for (guint i = 0; i < MOST_TRIES && result == -EEXIST; i++)
    {
      if (!end_choose_name (&end, kind, at_one_place ? peer_name : NULL, error) ||
          !end_choose_name (&peer, kind, at_one_place ? end.name : NULL, error))
        return NULL;
      g_clear_pointer (&words, g_free);
      result = st_netlink_ask (end.netlink, describe_cable (&end, &peer), NULL, NULL, &words);
      if (result == -EEXIST && ((name && end_has_link (&end)) || (peer_name && end_has_link (&peer))))
        break;
    }
  if (result == 0)
    return adopt_cable (kind, &end, &peer, error);
  refused (kind, result == -EEXIST && !end_has_link (&end) ? &peer : &end, result, words, error);
  return NULL;
}

/**
 * st_link_new_veth: (constructor)
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @name: (nullable): the name of the end there, or %NULL for a free one like "veth0"
 * @peer_space: the space of the other end; it may be the same
 * @peer_name: (nullable): the name of the other end, or %NULL for a free one
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a cable: a pair of Ethernet interfaces, what goes into one comes out of the other. See [veth(4)](man:veth(4)).
 *
 * Both ends are born in their networks, and seen nowhere else. They are down. [method@Spacetest.Link.get_peer] gets the other end.
 * [ctor@Spacetest.Link.new_cable] makes one that can be used at once.
 *
 * Returns: (transfer full): the end in @space, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_veth (StSpace    *space,
                  const char *name,
                  StSpace    *peer_space,
                  const char *peer_name,
                  GError    **error)
{
  static const Kind kind = { "veth", "veth", "veth" };
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  g_return_val_if_fail (ST_IS_SPACE (peer_space), NULL);
  return make_cable (&kind, space, name, peer_space, peer_name, error);
}

static gboolean
plug_in (StLink     *end,
         const char *address,
         GError    **error)
{
  return st_link_add_address (end, address, error) && st_link_set_up (end, TRUE, error);
}

/**
 * st_link_new_cable: (constructor)
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @address: the address of the end there, with the length of the prefix, like "10.0.0.1/24"
 * @peer_space: the space of the other end; it may be the same
 * @peer_address: the address of the other end, like "10.0.0.2/24"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Connects two hosts: [ctor@Spacetest.Link.new_veth], [method@Spacetest.Link.add_address] and [method@Spacetest.Link.set_up] for both
 * ends, in one call. The names are free ones, like "eth0".
 *
 * A moment passes before packets go through. [method@Spacetest.Link.wait_ready] of each end waits for it; TCP tries again.
 * If an address is refused, nothing is left of the cable.
 *
 * Returns: (transfer full): the end in @space, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_cable (StSpace    *space,
                   const char *address,
                   StSpace    *peer_space,
                   const char *peer_address,
                   GError    **error)
{
  static const Kind kind = { "veth", "veth", "eth" };
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  g_return_val_if_fail (address != NULL, NULL);
  g_return_val_if_fail (ST_IS_SPACE (peer_space), NULL);
  g_return_val_if_fail (peer_address != NULL, NULL);
  g_autoptr (StLink) cable = make_cable (&kind, space, NULL, peer_space, NULL, error);
  if (!cable)
    return NULL;
  g_autoptr (StLink) peer = st_link_get_peer (cable, error);
  if (peer && plug_in (cable, address, error) && plug_in (peer, peer_address, error))
    return g_steal_pointer (&cable);
  st_link_delete (cable, NULL);
  return NULL;
}

/* What is asked for besides the name. */
typedef struct
{
  const guint8 *mac;  /* or NULL for one of the kernel's choice */
  guint parent;       /* the index of the link below, or 0 */
  int option;         /* an attribute of the kind, or 0 */
  guint32 value;
  gsize size;
} Recipe;

static struct nl_msg *
describe (const Kind   *kind,
          const End    *end,
          StNetlink    *asked,
          const Recipe *recipe)
{
  struct nl_msg *message = message_new (end->name);
  if (asked != end->netlink)
    st_netlink_put_u32 (message, IFLA_NET_NS_FD, (guint32) end->fd);
  if (recipe->parent)
    st_netlink_put_u32 (message, IFLA_LINK, recipe->parent);
  if (recipe->mac)
    st_netlink_put (message, IFLA_ADDRESS, recipe->mac, 6);
  struct nlattr *info = st_netlink_open (message, IFLA_LINKINFO);
  st_netlink_put_text (message, IFLA_INFO_KIND, kind->kind);
  if (recipe->option)
    {
      struct nlattr *data = st_netlink_open (message, IFLA_INFO_DATA);
      if (recipe->size == sizeof (guint16))
        st_netlink_put (message, recipe->option, &(guint16){ (guint16) recipe->value }, sizeof (guint16));
      else
        st_netlink_put_u32 (message, recipe->option, recipe->value);
      nla_nest_end (message, data);
    }
  nla_nest_end (message, info);
  return message;
}

/* @asked is where the request goes: the parent's network, or that of the link itself. */
static StLink *
make (const Kind   *kind,
      End          *end,
      StNetlink    *asked,
      const Recipe *recipe,
      GError      **error)
{
  int result = -EEXIST;
  g_autofree char *words = NULL;
  for (guint i = 0; i < MOST_TRIES && result == -EEXIST && (i == 0 || !end->wanted); i++)
    {
      if (!end_choose_name (end, kind, NULL, error))
        return NULL;
      g_clear_pointer (&words, g_free);
      result = st_netlink_ask (asked, describe (kind, end, asked, recipe), NULL, NULL, &words);
    }
  if (result == 0)
    return adopt (kind, end, error);
  refused (kind, end, result, words, error);
  return NULL;
}

static StLink *
make_alone (const Kind   *kind,
            StSpace      *space,
            const char   *name,
            const guint8 *mac,
            GError      **error)
{
  g_auto (End) end = END_INIT;
  return end_open (&end, space, name, error) ? make (kind, &end, end.netlink, &(Recipe){ .mac = mac }, error) : NULL;
}

/**
 * st_link_new_dummy: (constructor)
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @name: (nullable): the name, or %NULL for a free one like "dummy0"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes an interface that swallows what is sent to it.
 *
 * Not every kernel has these: where it does not, it is %ST_ERROR_NOT_SUPPORTED, with the name of the module.
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_dummy (StSpace    *space,
                   const char *name,
                   GError    **error)
{
  static const Kind kind = { "dummy", "dummy", "dummy" };
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  return make_alone (&kind, space, name, NULL, error);
}

/**
 * st_link_new_bridge: (constructor)
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @name: (nullable): the name, or %NULL for a free one like "br0"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a switch without ports, see [method@Spacetest.Link.add_port].
 *
 * Its MAC address is its own: it does not change with the ports. There is no spanning tree, so it forwards at once.
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_bridge (StSpace    *space,
                    const char *name,
                    GError    **error)
{
  static const Kind kind = { "bridge", "bridge", "br" };
  guint8 mac[6];
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  for (gsize i = 0; i < sizeof mac; i++)
    mac[i] = (guint8) g_random_int_range (0, 256);
  mac[0] = (guint8) ((mac[0] & 0xfc) | 0x02); /* local, of one station */
  return make_alone (&kind, space, name, mac, error);
}

/* A link on top of another one, which may be in another network. */
static StLink *
make_above (const Kind *kind,
            StLink     *parent,
            StSpace    *space,
            const char *name,
            Recipe     *recipe,
            GError    **error)
{
  g_auto (StLinkPlace) below = { 0 };
  g_auto (End) end = END_INIT;
  if (!st_link_locate (parent, &below, error) || !end_open (&end, space ? space : ST_SPACE (below.ref), name, error))
    return NULL;
  recipe->parent = below.index;
  StNetlink *asked = st_namespace_ref_equal (below.ref, end.ref) ? end.netlink : below.netlink;
  return make (kind, &end, asked, recipe, error);
}

/**
 * st_link_new_vlan: (constructor)
 * @parent: the link that carries it
 * @space: (nullable): where it will be, or %NULL for where @parent is
 * @name: (nullable): the name, or %NULL for a free one like "vlan0"
 * @number: the VLAN, 1 to 4094
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes an interface for the packets with a VLAN tag that come over another one.
 *
 * Not every kernel has these: where it does not, it is %ST_ERROR_NOT_SUPPORTED, with the name of the module.
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_vlan (StLink     *parent,
                  StSpace    *space,
                  const char *name,
                  guint       number,
                  GError    **error)
{
  static const Kind kind = { "vlan", "8021q", "vlan" };
  g_return_val_if_fail (ST_IS_LINK (parent), NULL);
  g_return_val_if_fail (!space || ST_IS_SPACE (space), NULL);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (parent, &place, error))
    return NULL;
  if (number >= 1 && number <= 4094)
    return make_above (&kind, parent, space, name, &(Recipe){ .option = IFLA_VLAN_ID, .value = number, .size = sizeof (guint16) },
                       error);
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no number of a VLAN: %u (they go from 1 to 4094)", number);
  return NULL;
}

/**
 * st_link_new_macvlan: (constructor)
 * @parent: the link that carries it
 * @space: (nullable): where it will be, or %NULL for where @parent is
 * @name: (nullable): the name, or %NULL for a free one like "macvlan0"
 * @mode: who sees whom
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes an interface that shares another one, with a MAC address of its own.
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_macvlan (StLink       *parent,
                     StSpace      *space,
                     const char   *name,
                     StMacvlanMode mode,
                     GError      **error)
{
  static const Kind kind = { "macvlan", "macvlan", "macvlan" };
  static const guint32 modes[] = {
    [ST_MACVLAN_BRIDGE] = MACVLAN_MODE_BRIDGE,
    [ST_MACVLAN_PRIVATE] = MACVLAN_MODE_PRIVATE,
    [ST_MACVLAN_VEPA] = MACVLAN_MODE_VEPA,
    [ST_MACVLAN_PASSTHRU] = MACVLAN_MODE_PASSTHRU,
  };
  g_return_val_if_fail (ST_IS_LINK (parent), NULL);
  g_return_val_if_fail (!space || ST_IS_SPACE (space), NULL);
  if ((guint) mode < G_N_ELEMENTS (modes))
    return make_above (&kind, parent, space, name,
                       &(Recipe){ .option = IFLA_MACVLAN_MODE, .value = modes[mode], .size = sizeof (guint32) }, error);
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no mode of a macvlan: %d", (int) mode);
  return NULL;
}
