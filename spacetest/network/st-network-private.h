/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-namespace-ref.h"
#include "st-netlink-private.h"

/* What this folder keeps for each reference of a network: a socket for requests, and the links that were made through it. Both go
 * when the reference is closed, or is gone. */
typedef struct _StNetwork StNetwork;

StNamespaceRef *st_network_find        (StSpace *space,
                                        GError **error);
StNetwork      *st_network_get         (StNamespaceRef *ref,
                                        GError        **error);
void            st_network_unref       (StNetwork *self);
StNetlink      *st_network_get_netlink (StNetwork *self);

void            st_network_add_made    (StNetwork *self,
                                        guint      index);
void            st_network_remove_made (StNetwork *self,
                                        guint      index);
gboolean        st_network_has_made    (StNetwork *self,
                                        guint      index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StNetwork, st_network_unref)
