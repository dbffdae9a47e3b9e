/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

/**
 * StSpacerPolicy:
 * @ST_SPACER_POLICY_NEVER: what the caller may not make is an error
 * @ST_SPACER_POLICY_AUTO: the default spacer makes what the caller may not make
 * @ST_SPACER_POLICY_ALWAYS: the default spacer makes everything
 *
 * Who makes transients, and sets of them.
 *
 * Since: 0.1
 */
typedef enum
{
  ST_SPACER_POLICY_NEVER,
  ST_SPACER_POLICY_AUTO,
  ST_SPACER_POLICY_ALWAYS,
} StSpacerPolicy;

#define ST_TYPE_SPACER_POLICY (st_spacer_policy_get_type ())
SPACETEST_AVAILABLE_IN_ALL
GType          st_spacer_policy_get_type (void);

SPACETEST_AVAILABLE_IN_ALL
StSpacerPolicy st_spacer_get_policy      (void);
SPACETEST_AVAILABLE_IN_ALL
gboolean       st_spacer_set_policy      (StSpacerPolicy policy,
                                          GError       **error);

G_END_DECLS
