/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/network/st-link.h>

G_BEGIN_DECLS

#define ST_TYPE_IMPAIRMENT (st_impairment_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StImpairment, st_impairment, ST, IMPAIRMENT, GObject)

SPACETEST_AVAILABLE_IN_ALL
StImpairment *st_impairment_new           (void);
SPACETEST_AVAILABLE_IN_ALL
char         *st_impairment_to_string     (StImpairment *self);

SPACETEST_AVAILABLE_IN_ALL
gboolean      st_link_set_impairment      (StLink       *self,
                                           StImpairment *impairment,
                                           GError      **error);
SPACETEST_AVAILABLE_IN_ALL
StImpairment *st_link_get_impairment      (StLink  *self,
                                           GError **error);

G_END_DECLS
