/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "reply.h"

/* Who does not wait for it any more, or has no room for it, gets none. */
void
reply_failed (const Reply *reply,
              StWireStep   step,
              uint32_t     kinds,
              int          result)
{
  StWireMessage answer;
  st_wire_begin_failed (&answer, reply->serial, step, kinds, result);
  st_wire_send_now (reply->socket, &answer);
}

/* The kernel limits how many descriptors may be under way (ETOOMANYREFS): then this is what failed. */
int
reply_done (const Reply *reply,
            uint32_t     kinds,
            StMountSysfs sysfs,
            const int   *fds,
            size_t       n_fds)
{
  StWireMessage answer;
  st_wire_begin (&answer, ST_WIRE_DONE, reply->serial);
  answer.record.done.kinds = kinds;
  answer.record.done.sysfs = sysfs;
  for (size_t i = 0; i < n_fds; i++)
    st_wire_add_fd (&answer, fds[i]);
  int result = st_wire_send_now (reply->socket, &answer);
  if (result < 0)
    reply_failed (reply, ST_WIRE_STEP_ANSWER, kinds, result);
  return result;
}
