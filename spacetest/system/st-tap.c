/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-tap.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

int
st_tap_open (void)
{
  int fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int
st_tap_begin (int  fd,
              char name[ST_TAP_NAME_SIZE],
              bool is_ethernet)
{
  struct ifreq request = { .ifr_flags = (short) ((is_ethernet ? IFF_TAP : IFF_TUN) | IFF_NO_PI | IFF_TUN_EXCL) };
  memcpy (request.ifr_name, name, ST_TAP_NAME_SIZE);
  if (ioctl (fd, TUNSETIFF, &request) < 0)
    return -errno;
  memcpy (name, request.ifr_name, ST_TAP_NAME_SIZE);
  return 0;
}
