/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "family.h"

#include "st-kernel.h"
#include "st-system.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LOOKS 100
#define PAUSE_MS  1

static bool
make_room (Family *self)
{
  if (self->n < self->room)
    return true;
  const size_t room = self->room * 2 + 16;
  Member *list = realloc (self->list, room * sizeof *list);
  if (!list)
    return false;
  self->list = list;
  self->room = room;
  return true;
}

/* Who is stopped starts nobody more, and does not wait for its children: their numbers stay theirs. */
static bool
add (Family *self,
     pid_t   pid,
     int     pidfd)
{
  if (!make_room (self))
    return false;
  self->list[self->n++] = (Member){ pid, pidfd };
  st_kernel_pidfd_send_signal (pidfd, SIGSTOP);
  return true;
}

void
family_add (Family *self,
            int     pidfd)
{
  const int pid = st_system_pidfd_get_pid (pidfd);
  if (add (self, pid > 0 ? pid : 0, pidfd))
    self->n_heads++;
  else
    st_kernel_pidfd_send_signal (pidfd, SIGKILL);
}

static bool
has (const Family *self,
     pid_t         pid)
{
  for (size_t i = 0; pid > 0 && i < self->n; i++)
    if (self->list[i].pid == pid)
      return true;
  return false;
}

static bool
look_at (pid_t  pid,
         char  *state,
         pid_t *parent)
{
  char path[32], text[256];
  snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
  const int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const ssize_t length = read (fd, text, sizeof text - 1);
  close (fd);
  text[length > 0 ? length : 0] = '\0';
  const char *end = strrchr (text, ')'); /* its name may have some, too */
  return end && sscanf (end, ") %c %d", state, parent) == 2;
}

/* Nobody else may have got the number meanwhile. */
static bool
adopt (Family *self,
       pid_t   pid)
{
  char state;
  pid_t parent;
  const int pidfd = st_kernel_pidfd_open (pid);
  if (pidfd < 0)
    return false;
  if (look_at (pid, &state, &parent) && has (self, parent) && add (self, pid, pidfd))
    return true;
  close (pidfd);
  return false;
}

/* Whether it is to be looked again: somebody was found who may have children, or is not stopped yet, and may have some soon. */
static bool
find_more (Family *self,
           DIR    *proc)
{
  char state;
  pid_t parent;
  bool is_to_go_on = false;
  rewinddir (proc);
  for (const struct dirent *entry; (entry = readdir (proc));)
    {
      const pid_t pid = atoi (entry->d_name);
      if (pid <= 0 || pid == getpid () || !look_at (pid, &state, &parent))
        continue;
      if (has (self, pid))
        is_to_go_on |= state == 'R' || state == 'S';
      else if (has (self, parent))
        is_to_go_on |= adopt (self, pid);
    }
  return is_to_go_on;
}

/* One of another PID namespace has other numbers. */
static DIR *
open_proc (void)
{
  char self[16];
  const ssize_t length = readlink ("/proc/self", self, sizeof self - 1);
  self[length > 0 ? length : 0] = '\0';
  return atoi (self) == getpid () ? opendir ("/proc") : NULL;
}

void
family_kill (Family *self)
{
  DIR *proc = self->n > 0 ? open_proc () : NULL;
  for (int looks = 0; proc && looks < MAX_LOOKS && find_more (self, proc); looks++)
    poll (NULL, 0, PAUSE_MS);
  for (size_t i = 0; i < self->n; i++)
    {
      st_kernel_pidfd_send_signal (self->list[i].pidfd, SIGKILL);
      if (i >= self->n_heads)
        close (self->list[i].pidfd);
    }
  if (proc)
    closedir (proc);
  free (self->list);
  *self = (Family){ 0 };
}
