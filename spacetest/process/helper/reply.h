/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-mount-sysfs.h"
#include "st-wire.h"

/* How a request is answered: without ever waiting, and over the socket that it brought, which stays the request's. */
typedef struct
{
  int socket;
  uint32_t serial;
} Reply;

void reply_failed (const Reply *reply,
                   StWireStep   step,
                   uint32_t     kinds,
                   int          result); /* -errno */
int  reply_done   (const Reply *reply,
                   uint32_t     kinds,
                   StMountSysfs sysfs,
                   const int   *fds,
                   size_t       n_fds);
