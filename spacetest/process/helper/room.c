/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "room.h"

#include "st-child.h"
#include "st-process.h"
#include "st-system.h"

#include <errno.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool
room_check (Room      *room,
            StWireStep step,
            uint32_t   kinds,
            int        result)
{
  if (result >= 0)
    return true;
  room->step = step;
  room->kinds = kinds;
  room->result = result;
  return false;
}

void
room_keep_fd (Room *room,
              int   fd)
{
  room->fds[room->n_fds++] = fd;
}

/* What /sys is now, or why it could not be put right. */
int
room_note_sysfs (Room *room,
                 int   sysfs)
{
  if (sysfs >= 0)
    room->sysfs = (StMountSysfs) sysfs;
  return sysfs;
}

bool
room_enter (Room       *room,
            StKindIndex index,
            int         fd)
{
  const StKind *kind = &st_kinds[index];
  const StKind *actual = NULL;
  struct stat status;
  uint64_t here;
  int result = st_system_get_kind (fd, &actual);
  if (result == 0 && actual != kind)
    result = -EINVAL;
  if (!room_check (room, ST_WIRE_STEP_ENTER, kind->flag, result))
    return false;
  /* Who is there already needs no permission to go there. */
  if (fstat (fd, &status) == 0 && st_system_current_inode (kind, &here) == 0 && here == status.st_ino)
    return true;
  room->refused = fd;
  return room_check (room, ST_WIRE_STEP_ENTER, kind->flag, st_system_enter (fd, kind));
}

static void
answer (const Room  *room,
        const Reply *reply,
        uint32_t     kinds)
{
  if (room->result < 0)
    reply_failed (reply, room->step, room->kinds, room->result);
  else
    reply_done (reply, kinds, room->sysfs, room->fds, room->n_fds);
  for (size_t i = 0; i < room->n_fds; i++)
    close (room->fds[i]);
}

/* Has nothing but what it needs: to those inside it is one of them. If it may not join, the first refusal stays. */
static noreturn void
be_owner (Room        *room,
          int          owner,
          void       (*func) (void *data),
          const Reply *reply)
{
  int needed[3 + 1 + ST_WIRE_MAX_FDS] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, owner };
  const size_t n = room->request->n_fds;
  memcpy (needed + 4, room->request->fds, n * sizeof needed[0]);
  st_process_close_all_but (needed, 4 + n);
  if (st_system_enter (owner, &st_kinds[ST_KIND_USER]) == 0)
    {
      room->result = 0;
      func (room);
    }
  answer (room, reply, 0);
  _exit (EXIT_SUCCESS);
}

static bool
is_refused (const Room *room)
{
  return room->result == -EPERM && room->step == ST_WIRE_STEP_ENTER && room->n_fds == 0;
}

/* Who made a user namespace may do anything there, once he is in it. That takes a process of its own, as whoever shares memory with
 * one that is in there could be reached from inside. FALSE if there was none. */
static bool
run_as_owner (Room        *room,
              void       (*func) (void *data),
              const Reply *reply)
{
  int owner = st_system_open_owner (room->refused);
  if (owner < 0)
    return false;
  pid_t pid = st_child_fork (0);
  if (pid == 0)
    be_owner (room, owner, func, reply);
  close (owner);
  if (pid < 0)
    return false;
  if (!WIFEXITED (st_process_wait (pid)))
    reply_failed (reply, ST_WIRE_STEP_FORK, 0, -ECANCELED);
  return true;
}

/* @flags: namespaces that the child starts in. */
void
room_run (Room        *room,
          uint32_t     flags,
          void       (*func) (void *data),
          const Reply *reply,
          uint32_t     kinds)
{
  int result = st_child_run (flags, func, room);
  if (result == -EAGAIN || result == -ENOMEM || result == -ECANCELED || (result < 0 && flags == 0))
    room_check (room, ST_WIRE_STEP_FORK, 0, result);
  else if (result < 0)
    room_check (room, ST_WIRE_STEP_CREATE, st_child_find_refused (flags), result);
  if (!is_refused (room) || !run_as_owner (room, func, reply))
    answer (room, reply, kinds);
}

/* A regular file, so that nobody can make us wait. It may be changed while it is read, but never end the memory. */
static int
read_content (int    fd,
              size_t size,
              char  *content)
{
  struct stat status;
  if (fstat (fd, &status) < 0)
    return -errno;
  if (!S_ISREG (status.st_mode))
    return -EINVAL;
  for (size_t got = 0; got < size;)
    {
      ssize_t part = pread (fd, content + got, size - got, (off_t) got);
      if (part <= 0)
        return part < 0 ? -errno : -ENODATA;
      got += (size_t) part;
    }
  return 0;
}

/* Does something with the content that came along as the last descriptor. */
void
room_run_with_content (Room        *room,
                       uint64_t     size,
                       StWireStep   step,
                       void       (*func) (void *data),
                       const Reply *reply)
{
  if (size > ST_WIRE_MAX_CONTENT)
    {
      reply_failed (reply, step, 0, -EFBIG);
      return;
    }
  char *content = mmap (NULL, (size_t) size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int result = content == MAP_FAILED ? -errno : read_content (room->request->fds[2], (size_t) size, content);
  room->content = content;
  if (result < 0)
    reply_failed (reply, step, 0, result);
  else
    room_run (room, 0, func, reply, 0);
  if (content != MAP_FAILED)
    munmap (content, (size_t) size + 1);
}
