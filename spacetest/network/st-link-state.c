/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-state-private.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

static void
copy_text (struct nlattr *attribute,
           char          *text,
           gsize          size)
{
  text[0] = '\0';
  if (attribute)
    nla_strlcpy (text, attribute, size);
}

static guint
get_number (struct nlattr *attribute)
{
  return attribute && nla_len (attribute) >= 4 ? nla_get_u32 (attribute) : 0;
}

static void
copy_kind (struct nlattr *info,
           StLinkState   *state)
{
  struct nlattr *parts[IFLA_INFO_MAX + 1];
  if (info && nla_parse_nested (parts, IFLA_INFO_MAX, info, NULL) == 0)
    copy_text (parts[IFLA_INFO_KIND], state->kind, sizeof state->kind);
}

gboolean
st_link_state_parse (struct nlmsghdr *message,
                     StLinkState     *state)
{
  struct nlattr *parts[IFLA_MAX + 1];
  *state = (StLinkState){ 0 };
  if ((message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) ||
      nlmsg_parse (message, sizeof (struct ifinfomsg), parts, IFLA_MAX, NULL) < 0)
    return FALSE;
  const struct ifinfomsg *header = nlmsg_data (message);
  if (header->ifi_family != AF_UNSPEC || header->ifi_index <= 0) /* those of bridges are about ports */
    return FALSE;
  state->index = (guint) header->ifi_index;
  state->flags = header->ifi_flags;
  copy_text (parts[IFLA_IFNAME], state->name, sizeof state->name);
  copy_kind (parts[IFLA_LINKINFO], state);
  state->mtu = get_number (parts[IFLA_MTU]);
  state->master = get_number (parts[IFLA_MASTER]);
  state->other = get_number (parts[IFLA_LINK]);
  state->other_is_elsewhere = parts[IFLA_LINK_NETNSID] != NULL;
  if (parts[IFLA_OPERSTATE] && nla_len (parts[IFLA_OPERSTATE]) >= 1)
    state->state = nla_get_u8 (parts[IFLA_OPERSTATE]);
  if (parts[IFLA_ADDRESS] && nla_len (parts[IFLA_ADDRESS]) <= ST_MOST_HARDWARE)
    {
      state->hardware_size = (guint) nla_len (parts[IFLA_ADDRESS]);
      memcpy (state->hardware, nla_data (parts[IFLA_ADDRESS]), state->hardware_size);
    }
  return TRUE;
}

static void
take_state (struct nlmsghdr *message,
            gpointer         data)
{
  st_link_state_parse (message, data);
}

int
st_link_state_get (StNetlink   *netlink,
                   guint        index,
                   const char  *name,
                   StLinkState *state)
{
  const struct ifinfomsg header = { .ifi_index = (int) index };
  struct nl_msg *request = st_netlink_message (RTM_GETLINK, 0, &header, sizeof header);
  *state = (StLinkState){ 0 };
  if (name)
    st_netlink_put_text (request, IFLA_IFNAME, name);
  const int result = st_netlink_ask (netlink, request, take_state, state, NULL);
  return result < 0 ? result : state->index ? 0 : -ENODEV;
}

static void
add_state (struct nlmsghdr *message,
           gpointer         data)
{
  StLinkState state;
  if (st_link_state_parse (message, &state))
    g_array_append_val ((GArray *) data, state);
}

int
st_link_state_list (StNetlink *netlink,
                    GArray    *states)
{
  const struct ifinfomsg header = { 0 };
  return st_netlink_ask (netlink, st_netlink_message (RTM_GETLINK, NLM_F_DUMP, &header, sizeof header), add_state, states, NULL);
}

char *
st_link_state_dup_mac (const StLinkState *state)
{
  if (state->hardware_size == 0)
    return NULL;
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < state->hardware_size; i++)
    g_string_append_printf (text, "%s%02x", i ? ":" : "", state->hardware[i]);
  return g_string_free (text, FALSE);
}
