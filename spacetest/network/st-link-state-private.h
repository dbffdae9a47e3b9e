/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-netlink-private.h"

#include <net/if.h>

#define ST_MOST_HARDWARE 32 /* bytes of a hardware address */

/* A link as the kernel describes it. */
typedef struct
{
  guint index;
  char name[IF_NAMESIZE];
  char kind[32];          /* "" if it has none */
  guint flags;            /* IFF_* */
  guint8 state;           /* IF_OPER_* */
  guint mtu;
  guint8 hardware[ST_MOST_HARDWARE];
  guint hardware_size;
  guint master;           /* index, or 0 */
  guint other;            /* index of the link behind it: the other end of a cable, a parent; or 0 */
  gboolean other_is_elsewhere;
} StLinkState;

#define ST_LINK_LOWER_UP (1U << 16) /* IFF_LOWER_UP */

gboolean st_link_state_parse  (struct nlmsghdr *message,
                               StLinkState     *state);
/* By index, or by name. Returns 0 or -errno. */
int      st_link_state_get    (StNetlink   *netlink,
                               guint        index,
                               const char  *name,
                               StLinkState *state);
int      st_link_state_list   (StNetlink *netlink,
                               GArray    *states);
char    *st_link_state_dup_mac (const StLinkState *state);

/* Names */
gboolean st_link_name_check   (const char *name,
                               GError    **error);
char    *st_link_name_find    (StNetlink  *netlink,
                               const char *prefix,
                               const char *taken,
                               guint       first);
gboolean st_link_parse_mac    (const char *text,
                               guint8      bytes[6],
                               GError    **error);
