/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-packet-ring.h"

#include <glib.h>

/* The blocks of a capture file, https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/, in the byte order of this machine. */

typedef struct
{
  guint64 start;      /* nanoseconds since 1970 */
  guint64 end;
  guint64 n_received;
  guint64 n_dropped;
} StPcapngStatistics;

void st_pcapng_append_section    (GByteArray *to);
void st_pcapng_append_interface  (GByteArray  *to,
                                  const char  *name,
                                  StPacketLink link,
                                  guint32      snapshot_length);
void st_pcapng_append_packet     (GByteArray     *to,
                                  guint32         interface,
                                  const StPacket *packet);
void st_pcapng_append_statistics (GByteArray               *to,
                                  guint32                   interface,
                                  const StPcapngStatistics *statistics);
