/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-netlink-private.h"

#include <sys/socket.h>

/* An address of IPv4 or IPv6, as the kernel takes it. */
typedef struct
{
  int family;
  guint8 bytes[16];
  guint prefix;     /* bits of the network */
} StInetAddress;

typedef enum
{
  ST_PREFIX_NEVER,    /* an address alone */
  ST_PREFIX_ALWAYS,
  ST_PREFIX_OPTIONAL, /* all bits, if there is none */
} StPrefixUse;

gboolean       st_inet_address_parse      (const char    *text,
                                           StPrefixUse    use,
                                           StInetAddress *address,
                                           GError       **error);
gsize          st_inet_address_size       (const StInetAddress *address);
char          *st_inet_address_to_string  (const StInetAddress *address,
                                           gboolean             with_prefix);
gboolean       st_inet_address_equal      (const StInetAddress *a,
                                           const StInetAddress *b);
gboolean       st_inet_address_take       (StInetAddress *address,
                                           int            family,
                                           struct nlattr *attribute,
                                           guint          prefix);
gboolean       st_inet_address_take_new   (StInetAddress   *address,
                                           guint32         *flags,
                                           struct nlmsghdr *message,
                                           guint            index);
StInetAddress  st_inet_address_link_local (const guint8 mac[6]);
struct nl_msg *st_inet_address_message    (int                  type,
                                           guint                index,
                                           const StInetAddress *address,
                                           guint32              flags);
