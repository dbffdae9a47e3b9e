/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

#define ST_TYPE_ADDRESS_FLAGS (st_address_flags_get_type ())

/**
 * StAddressFlags:
 * @ST_ADDRESS_NONE: nothing
 * @ST_ADDRESS_DETECT_DUPLICATES: IPv6: find out first whether somebody else has the address, which takes a second or two
 *
 * What is special about an address.
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/
{
  ST_ADDRESS_NONE = 0,
  ST_ADDRESS_DETECT_DUPLICATES = 1 << 0,
} StAddressFlags;

SPACETEST_AVAILABLE_IN_ALL
GType      st_address_flags_get_type (void);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_add_address      (StLink     *self,
                                     const char *address,
                                     GError    **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_add_address_full (StLink        *self,
                                     const char    *address,
                                     StAddressFlags flags,
                                     GError       **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_link_remove_address   (StLink     *self,
                                     const char *address,
                                     GError    **error);
SPACETEST_AVAILABLE_IN_ALL
char     **st_link_list_addresses   (StLink  *self,
                                     GError **error);

G_END_DECLS
