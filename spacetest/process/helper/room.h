/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "reply.h"
#include "service.h"

/* What is made or done in other namespaces, by children that are thrown away: the helper itself goes nowhere. */

void room_make_space  (const Service       *service,
                       const StWireMessage *request,
                       const Reply         *reply);
void room_make_socket (const StWireMessage *request,
                       const Reply         *reply);
void room_open_tap    (const StWireMessage *request,
                       const Reply         *reply);
void room_open_root   (const StWireMessage *request,
                       const Reply         *reply);
void room_mount       (const StWireMessage *request,
                       const Reply         *reply);
void room_use_sysctl  (const StWireMessage *request,
                       const Reply         *reply);
