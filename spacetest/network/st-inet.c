/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-inet-private.h"

#include "st-error-private.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

gsize
st_inet_address_size (const StInetAddress *address)
{
  return address->family == AF_INET ? 4 : 16;
}

static gboolean
refuse (const char *text,
        const char *why,
        GError    **error)
{
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no address: \"%s\": %s", text, why);
  return FALSE;
}

static gboolean
parse_prefix (const char    *text,
              const char    *digits,
              StInetAddress *address,
              GError       **error)
{
  guint64 value;
  if (!g_ascii_string_to_unsigned (digits, 10, 0, 8 * st_inet_address_size (address), &value, NULL))
    return refuse (text, address->family == AF_INET ? "the prefix is a number from 0 to 32" : "the prefix is a number from 0 to 128",
                   error);
  address->prefix = (guint) value;
  return TRUE;
}

gboolean
st_inet_address_parse (const char    *text,
                       StPrefixUse    use,
                       StInetAddress *address,
                       GError       **error)
{
  const char *slash = strchr (text, '/');
  g_autofree char *host = slash ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  g_autoptr (GInetAddress) parsed = strchr (host, '%') ? NULL : g_inet_address_new_from_string (host);
  if (!parsed)
    return refuse (text, "it is neither of IPv4 nor of IPv6", error);
  *address = (StInetAddress){ .family = g_inet_address_get_family (parsed) == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6 };
  const gsize size = st_inet_address_size (address);
  memcpy (address->bytes, g_inet_address_to_bytes (parsed), size);
  address->prefix = (guint) size * 8;
  if (slash && use == ST_PREFIX_NEVER)
    return refuse (text, "no prefix here", error);
  if (!slash && use == ST_PREFIX_ALWAYS)
    return refuse (text, "the prefix is missing, as in \"10.0.0.1/24\"", error);
  return !slash || parse_prefix (text, slash + 1, address, error);
}

char *
st_inet_address_to_string (const StInetAddress *address,
                           gboolean             with_prefix)
{
  g_autoptr (GInetAddress) inet =
    g_inet_address_new_from_bytes (address->bytes, address->family == AF_INET ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autofree char *host = g_inet_address_to_string (inet);
  return with_prefix ? g_strdup_printf ("%s/%u", host, address->prefix) : g_steal_pointer (&host);
}

gboolean
st_inet_address_equal (const StInetAddress *a,
                       const StInetAddress *b)
{
  return a->family == b->family && a->prefix == b->prefix && memcmp (a->bytes, b->bytes, st_inet_address_size (a)) == 0;
}

/* Of a message; an attribute that is not there is the address of no host. */
gboolean
st_inet_address_take (StInetAddress *address,
                      int            family,
                      struct nlattr *attribute,
                      guint          prefix)
{
  *address = (StInetAddress){ .family = family, .prefix = prefix };
  if ((family != AF_INET && family != AF_INET6) || (attribute && nla_len (attribute) < (int) st_inet_address_size (address)))
    return FALSE;
  if (attribute)
    memcpy (address->bytes, nla_data (attribute), st_inet_address_size (address));
  return TRUE;
}

/* Of a message that says that link @index has an address; @flags may be NULL. */
gboolean
st_inet_address_take_new (StInetAddress   *address,
                          guint32         *flags,
                          struct nlmsghdr *message,
                          guint            index)
{
  struct nlattr *parts[IFA_MAX + 1];
  if (message->nlmsg_type != RTM_NEWADDR || nlmsg_parse (message, sizeof (struct ifaddrmsg), parts, IFA_MAX, NULL) < 0)
    return FALSE;
  const struct ifaddrmsg *header = nlmsg_data (message);
  if (flags)
    *flags = parts[IFA_FLAGS] ? nla_get_u32 (parts[IFA_FLAGS]) : header->ifa_flags;
  struct nlattr *own = parts[IFA_LOCAL] ? parts[IFA_LOCAL] : parts[IFA_ADDRESS];
  return header->ifa_index == index && st_inet_address_take (address, header->ifa_family, own, header->ifa_prefixlen);
}

/* RFC 4291, appendix A */
StInetAddress
st_inet_address_link_local (const guint8 mac[6])
{
  return (StInetAddress){
    .family = AF_INET6,
    .prefix = 64,
    .bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] },
  };
}

/* As ip(8) has it: IPv4 wants to know where packets to all go. */
static void
put_broadcast (struct nl_msg       *message,
               const StInetAddress *address)
{
  guint32 bytes;
  if (address->family != AF_INET || address->prefix > 30)
    return;
  memcpy (&bytes, address->bytes, sizeof bytes);
  bytes |= GUINT32_TO_BE (address->prefix ? (1U << (32 - address->prefix)) - 1 : G_MAXUINT32);
  st_netlink_put (message, IFA_BROADCAST, &bytes, sizeof bytes);
}

/* RTM_NEWADDR or RTM_DELADDR */
struct nl_msg *
st_inet_address_message (int                  type,
                         guint                index,
                         const StInetAddress *address,
                         guint32              flags)
{
  const struct ifaddrmsg header = {
    .ifa_family = (guint8) address->family,
    .ifa_prefixlen = (guint8) address->prefix,
    .ifa_flags = (guint8) flags,
    .ifa_index = index,
  };
  struct nl_msg *message = st_netlink_message (type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof header);
  st_netlink_put (message, IFA_LOCAL, address->bytes, st_inet_address_size (address));
  st_netlink_put (message, IFA_ADDRESS, address->bytes, st_inet_address_size (address));
  if (type == RTM_NEWADDR)
    put_broadcast (message, address);
  return message;
}
