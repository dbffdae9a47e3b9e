/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-process-fd.h"

#include "st-kernel.h"
#include "st-result.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SIOCGSKNS_REQUEST 0x894c /* linux/sockios.h, 4.10 */

/* The network that a socket of another process belongs to. Needs to be allowed to trace the process. */
int
st_process_fd_open_network (pid_t pid,
                            int   number)
{
  int pidfd = st_kernel_pidfd_open (pid);
  if (pidfd < 0)
    return pidfd;
  int socket = result_of (syscall (SYS_pidfd_getfd, pidfd, number, 0));
  close (pidfd);
  if (socket < 0)
    return socket;
  int network = result_of (ioctl (socket, SIOCGSKNS_REQUEST));
  close (socket);
  return network;
}

/* The device of the file behind a link of /proc, without asking a file system that may not answer; 0 if it is not known. */
uint64_t
st_process_fd_get_device (const char *link)
{
  struct statx status;
  if (statx (AT_FDCWD, link, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &status) < 0)
    return 0;
  return makedev (status.stx_dev_major, status.stx_dev_minor);
}
