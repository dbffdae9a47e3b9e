/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "reply.h"
#include "service.h"

/* Returns in the helper that was asked and, with a service of its own, in the one that was made. */
void subspace_make (Service       *service,
                    StWireMessage *request,
                    const Reply   *reply);
