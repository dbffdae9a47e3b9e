/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "reply.h"
#include "service.h"

/* New namespaces, none of them user or PID: nobody needs to live in them. */

void space_make (const Service       *service,
                 const StWireMessage *request,
                 const Reply         *reply);
