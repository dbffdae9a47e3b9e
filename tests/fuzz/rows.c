/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void
rows_require (int         good,
              const char *what)
{
  if (good)
    return;
  fprintf (stderr, "%s\n", what);
  abort ();
}

int
rows_count_fds (int limit)
{
  int n = 0;
  for (int fd = 0; fd < limit; fd++)
    n += fcntl (fd, F_GETFD) >= 0;
  return n;
}

static size_t
get_smaller (size_t one,
             size_t other)
{
  return one < other ? one : other;
}

void
rows_take (const uint8_t *data,
           size_t         size,
           TakeRecord     take_record)
{
  while (size >= 4)
    {
      const size_t said = (size_t) data[0] | (size_t) data[1] << 8;
      const size_t length = get_smaller (get_smaller (said, MAX_RECORD), size - 4);
      take_record (data + 4, length, data[2] % (MAX_FDS + 1), data[3]);
      data += 4 + length;
      size -= 4 + length;
    }
}

/* As it is, whatever it is. */
void
rows_send (int         socket,
           const void *record,
           size_t      size,
           const int  *fds,
           size_t      n_fds)
{
  union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int) * MAX_FDS)];
  } rights = { 0 };
  struct iovec part = { (void *) (uintptr_t) record, size };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  if (n_fds > 0)
    {
      message.msg_control = &rights;
      message.msg_controllen = CMSG_SPACE (sizeof (int) * n_fds);
      rights.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN (sizeof (int) * n_fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
      memcpy (CMSG_DATA (&rights.header), fds, sizeof (int) * n_fds);
    }
  rows_require (sendmsg (socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t) size, "cannot send");
}
