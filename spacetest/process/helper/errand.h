/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "reply.h"

/* What is done in namespaces that come along with the request. */

void errand_socket (const StWireMessage *request,
                    const Reply         *reply);
void errand_tap    (const StWireMessage *request,
                    const Reply         *reply);
void errand_root   (const StWireMessage *request,
                    const Reply         *reply);
void errand_mount  (const StWireMessage *request,
                    const Reply         *reply);
void errand_sysctl (const StWireMessage *request,
                    const Reply         *reply);
