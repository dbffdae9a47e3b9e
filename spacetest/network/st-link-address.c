/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-address.h"

#include "st-inet-private.h"
#include "st-link-private.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

G_DEFINE_FLAGS_TYPE (StAddressFlags,
                     st_address_flags,
                     G_DEFINE_ENUM_VALUE (ST_ADDRESS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (ST_ADDRESS_DETECT_DUPLICATES, "detect-duplicates"))

static gboolean
change (StLink     *self,
        int         type,
        const char *text,
        guint32     flags,
        GError    **error)
{
  StInetAddress address;
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || !st_inet_address_parse (text, ST_PREFIX_ALWAYS, &address, error))
    return FALSE;
  return st_link_place_do (&place, st_inet_address_message (type, place.index, &address, flags), error,
                           type == RTM_NEWADDR ? "give the address %s to" : "take the address %s from", text);
}

/**
 * st_link_add_address:
 * @self: a link
 * @address: an address of IPv4 or IPv6 with the length of its network's prefix, like "10.0.0.1/24"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gives a link an address.
 *
 * Nobody is asked whether it is in use elsewhere, so that an IPv6 address is usable as soon as the link is. If the link has it already, it
 * is %ST_ERROR_EXISTS.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_add_address (StLink     *self,
                     const char *address,
                     GError    **error)
{
  return st_link_add_address_full (self, address, ST_ADDRESS_NONE, error);
}

/**
 * st_link_add_address_full:
 * @self: a link
 * @address: an address of IPv4 or IPv6 with the length of its network's prefix, like "fd00::1/64"
 * @flags: what is special about it
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gives a link an address. See [method@Spacetest.Link.add_address].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_add_address_full (StLink        *self,
                          const char    *address,
                          StAddressFlags flags,
                          GError       **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);
  return change (self, RTM_NEWADDR, address, flags & ST_ADDRESS_DETECT_DUPLICATES ? 0 : IFA_F_NODAD, error);
}

/**
 * st_link_remove_address:
 * @self: a link
 * @address: one of its addresses, with the length of the prefix
 * @error: return location for a [error@Spacetest.Error]
 *
 * Takes an address from a link. If the link does not have it, it is %ST_ERROR_NOT_FOUND.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_remove_address (StLink     *self,
                        const char *address,
                        GError    **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);
  return change (self, RTM_DELADDR, address, 0, error);
}

typedef struct
{
  guint index;
  GStrvBuilder *texts;
} Listing;

static void
add_text (struct nlmsghdr *message,
          gpointer         data)
{
  Listing *listing = data;
  StInetAddress address;
  if (!st_inet_address_take_new (&address, NULL, message, listing->index))
    return;
  g_autofree char *text = st_inet_address_to_string (&address, TRUE);
  g_strv_builder_add (listing->texts, text);
}

/**
 * st_link_list_addresses:
 * @self: a link
 * @error: return location for a [error@Spacetest.Error]
 *
 * Lists the addresses of a link, IPv4 before IPv6, each with the length of its prefix, as [method@Spacetest.Link.remove_address] takes them.
 *
 * Returns: (transfer full) (array zero-terminated=1): the addresses, or %NULL with @error set
 *
 * Since: 0.1
 */
char **
st_link_list_addresses (StLink  *self,
                        GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  const struct ifaddrmsg header = { 0 };
  StLinkState state;
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return NULL;
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();
  int result = st_link_state_get (place.netlink, place.index, NULL, &state);
  if (result == 0)
    result = st_netlink_ask (place.netlink, st_netlink_message (RTM_GETADDR, NLM_F_DUMP, &header, sizeof header), add_text,
                             &(Listing){ place.index, texts }, NULL);
  if (result == 0)
    return g_strv_builder_end (texts);
  st_link_place_failed (&place, result, NULL, "list the addresses of", error);
  return NULL;
}
