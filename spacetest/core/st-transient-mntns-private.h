/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-transient-mntns.h"

StTransientMntns *st_transient_mntns_new_in_network (StNamespaceRef *network,
                                                     GError        **error);
StTransientMntns *st_transient_mntns_new_of_current (GError **error);
