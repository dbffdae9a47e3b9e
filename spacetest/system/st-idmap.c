/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The kernel takes each of these files in one write, once. */
static int
write_once (const char *path,
            const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  ssize_t written = write (fd, text, strlen (text));
  int result = written < 0 ? -errno : 0;
  close (fd);
  return result;
}

static int
write_one (const char  *path,
           unsigned int inside,
           unsigned int outside)
{
  char line[64];
  snprintf (line, sizeof line, "%u %u 1\n", inside, outside);
  return write_once (path, line);
}

/* An unprivileged process may map its group only after it gave up setgroups(). */
static int
map_own (uid_t uid,
         uid_t uid_inside,
         gid_t gid,
         gid_t gid_inside)
{
  int result = write_once ("/proc/thread-self/setgroups", "deny");
  if (result == 0)
    result = write_one ("/proc/thread-self/uid_map", uid_inside, uid);
  if (result == 0)
    result = write_one ("/proc/thread-self/gid_map", gid_inside, gid);
  return result;
}

/* @uid and @gid are the caller's effective ids from before it made the user namespace; by now they read as "nobody". */
int
st_idmap_own_to_root (uid_t uid,
                      gid_t gid)
{
  return map_own (uid, 0, gid, 0);
}

int
st_idmap_own_to_itself (uid_t uid,
                        gid_t gid)
{
  return map_own (uid, uid, gid, gid);
}
