/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-impairment.h"

#define ST_IMPAIRMENT_LIMIT 1000 /* packets, if nobody says anything else */

/* What is asked for, in the units of the properties. */
typedef struct
{
  guint64 rate;
  guint delay;
  guint jitter;
  double loss;
  double duplication;
  double reordering;
  double corruption;
  guint limit;
} StImpairmentValues;

StImpairment *st_impairment_new_take  (const StImpairmentValues *values);
/* FALSE, with the error set, if they make no sense. */
gboolean      st_impairment_get_values (StImpairment       *self,
                                        StImpairmentValues *values,
                                        GError            **error);
/* Whether it takes netem, besides the rate. */
gboolean      st_impairment_values_have_more (const StImpairmentValues *values);
