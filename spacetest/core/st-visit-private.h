/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-visit.h"

StVisit *st_visit_new (StSpace           *space,
                       const StHandleSet *targets,
                       GError           **error);
