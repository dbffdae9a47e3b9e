/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

#define ST_TYPE_MACVLAN_MODE (st_macvlan_mode_get_type ())

/**
 * StMacvlanMode:
 * @ST_MACVLAN_BRIDGE: those of one parent see each other
 * @ST_MACVLAN_PRIVATE: they don't
 * @ST_MACVLAN_VEPA: they see each other through a switch at the parent that sends back
 * @ST_MACVLAN_PASSTHRU: the only one of its parent
 *
 * Who sees whom among the macvlans of one parent.
 *
 * Since: 0.1
 */
typedef enum
{
  ST_MACVLAN_BRIDGE,
  ST_MACVLAN_PRIVATE,
  ST_MACVLAN_VEPA,
  ST_MACVLAN_PASSTHRU,
} StMacvlanMode;

SPACETEST_AVAILABLE_IN_ALL
GType   st_macvlan_mode_get_type (void);
SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_veth    (StSpace    *space,
                             const char *name,
                             StSpace    *peer_space,
                             const char *peer_name,
                             GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_cable   (StSpace    *space,
                             const char *address,
                             StSpace    *peer_space,
                             const char *peer_address,
                             GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_dummy   (StSpace    *space,
                             const char *name,
                             GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_bridge  (StSpace    *space,
                             const char *name,
                             GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_vlan    (StLink     *parent,
                             StSpace    *space,
                             const char *name,
                             guint       number,
                             GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StLink *st_link_new_macvlan (StLink       *parent,
                             StSpace      *space,
                             const char   *name,
                             StMacvlanMode mode,
                             GError      **error);

G_END_DECLS
