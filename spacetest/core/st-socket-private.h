/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-socket.h"

int st_space_create_packet_socket (StSpace *self,
                                   GError **error);
