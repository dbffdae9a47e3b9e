/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-transient-mntns.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
gboolean st_transient_mntns_set_hosts        (StTransientMntns   *self,
                                              const char * const *hosts,
                                              GError            **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean st_transient_mntns_set_name_servers (StTransientMntns   *self,
                                              const char * const *addresses,
                                              GError            **error);

G_END_DECLS
