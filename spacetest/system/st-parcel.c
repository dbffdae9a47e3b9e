/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-parcel.h"

#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x53745063u /* "StPc" */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

typedef struct
{
  uint32_t magic;
  uint32_t kind;
} Label;

typedef union
{
  struct cmsghdr header;
  char room[CMSG_SPACE (sizeof (int))];
} Rights;

/* Nobody can change it any more. */
int
st_parcel_create_content (const void *data,
                          size_t      size)
{
  const int fd = st_system_open_memory (data, size);
  if (fd < 0 || fcntl (fd, F_ADD_SEALS, SEALS) == 0)
    return fd;
  const int result = -errno;
  close (fd);
  return result;
}

int
st_parcel_map_content (int          content,
                       const void **data,
                       size_t      *size)
{
  struct stat status;
  const int seals = fcntl (content, F_GET_SEALS);
  if (seals < 0 || fstat (content, &status) < 0)
    return -errno;
  if ((seals & SEALS) != SEALS || status.st_size <= 0)
    return -EPROTO;
  void *map = mmap (NULL, (size_t) status.st_size, PROT_READ, MAP_PRIVATE, content, 0);
  if (map == MAP_FAILED)
    return -errno;
  *data = map;
  *size = (size_t) status.st_size;
  return 0;
}

void
st_parcel_unmap (const void *data,
                 size_t      size)
{
  munmap ((void *) (uintptr_t) data, size);
}

int
st_parcel_send (int             socket,
                const StParcel *parcel)
{
  Rights rights = { 0 };
  Label label = { MAGIC, parcel->kind };
  struct iovec data = { &label, sizeof label };
  struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };
  if (parcel->content >= 0)
    {
      header.msg_control = &rights;
      header.msg_controllen = CMSG_SPACE (sizeof (int));
      rights.header = (struct cmsghdr) { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN (sizeof (int)) };
      memcpy (CMSG_DATA (&rights.header), &parcel->content, sizeof (int));
    }
  ssize_t sent;
  do
    sent = sendmsg (socket, &header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

static void
take_content (struct msghdr *header,
              StParcel      *parcel)
{
  const struct cmsghdr *part = CMSG_FIRSTHDR (header);
  if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS && part->cmsg_len >= CMSG_LEN (sizeof (int)))
    memcpy (&parcel->content, CMSG_DATA (part), sizeof (int));
}

static int
receive (int       socket,
         StParcel *parcel,
         int       flags)
{
  Rights rights = { 0 };
  Label label = { 0 };
  struct iovec data = { &label, sizeof label };
  /* Just one descriptor: with what the room is rounded up by, there would be one more, and nobody to close it. */
  struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = CMSG_LEN (sizeof (int)) };
  ssize_t size;
  parcel->content = -1;
  do
    size = recvmsg (socket, &header, MSG_CMSG_CLOEXEC | flags);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    return errno == ECONNRESET ? 0 : -errno;
  take_content (&header, parcel);
  if (size == 0 && parcel->content < 0)
    return 0;
  parcel->kind = (StParcelKind) label.kind;
  if (size == sizeof label && label.magic == MAGIC && !(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
    return 1;
  if (parcel->content >= 0)
    close (parcel->content);
  parcel->content = -1;
  return header.msg_flags & MSG_CTRUNC ? -EMFILE : -EPROTO;
}

/* Gives 1, or 0 at the end. */
int
st_parcel_receive (int       socket,
                   StParcel *parcel)
{
  return receive (socket, parcel, 0);
}

/* -EAGAIN if there is nothing. */
int
st_parcel_receive_now (int       socket,
                       StParcel *parcel)
{
  return receive (socket, parcel, MSG_DONTWAIT);
}

/* 0 if it is not a socket. */
uint64_t
st_parcel_get_identity (int socket)
{
  struct stat status;
  return fstat (socket, &status) == 0 && S_ISSOCK (status.st_mode) ? status.st_ino : 0;
}

int
st_parcel_keep (int socket)
{
  return fcntl (socket, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}
