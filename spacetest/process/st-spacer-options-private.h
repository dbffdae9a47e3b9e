/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-namespace-type.h"
#include "st-spacer-options.h"
#include "st-wire.h"

gboolean st_spacer_options_check_first (StSpacerOptions *self,
                                        GError         **error);
gboolean st_spacer_options_fill        (StSpacerOptions *self,
                                        StNamespaceType  kinds,
                                        StWireMessage   *request,
                                        GError         **error);
int      st_spacer_options_peek_stdout (StSpacerOptions *self);
int      st_spacer_options_peek_stderr (StSpacerOptions *self);
