/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* What the raw zygote is asked, a byte each; and what it answers, a byte with descriptors. */

#define ZYGOTE_CONNECTION 3 /* its number there */

typedef enum
{
  ZYGOTE_SUBSPACE = 's', /* brings a connection, over which the new one answers: pidfd, user, pid, mnt */
  ZYGOTE_SIX = '6',      /* cgroup, ipc, mnt, net, time, uts */
  ZYGOTE_UTS = 'u',      /* uts */
} ZygoteRequest;
