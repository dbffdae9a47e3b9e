/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-view.h"

#include "st-kernel.h"
#include "st-result.h"
#include "st-system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_TRIES 64 /* while somebody renames and mounts all the time */
#define FIRST_ROOM 4096

int
st_view_open_root (void)
{
  return result_of (open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* By it, a thread finds its own descriptors wherever it stands. */
int
st_view_open_proc (void)
{
  struct stat status;
  int fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  if (fstatat (fd, "thread-self", &status, 0) == 0)
    return fd;
  int result = -errno;
  close (fd);
  return result;
}

/* The mount namespace of the calling thread, where there may be no /proc. */
int
st_view_open_here (int proc)
{
  return result_of (openat (proc, "thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
}

int
st_view_lookup (int         root,
                const char *path,
                int         flags)
{
  int fd = -EAGAIN;
  for (int i = 0; (fd == -EAGAIN || fd == -EINTR) && i < MAX_TRIES; i++)
    fd = st_kernel_openat2 (root, path, O_PATH | O_CLOEXEC | flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  return fd == -EAGAIN || fd == -EINTR ? -ENOSYS : fd;
}

/* One step, and no further: a link is opened itself. */
int
st_view_open_name (int         directory,
                   const char *name)
{
  return result_of (openat (directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

int
st_view_inspect (int         fd,
                 StViewFile *file)
{
  struct statx status;
  if (statx (fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &status) < 0)
    return -errno;
  file->mode = status.stx_mode;
  file->size = (off_t) status.stx_size;
  file->device = makedev (status.stx_dev_major, status.stx_dev_minor);
  file->inode = status.stx_ino;
  file->mount_id = status.stx_mnt_id;
  return 0;
}

/* Never waits: not for the other end of a FIFO, not for a line to be connected. */
int
st_view_reopen (int    proc,
                int    fd,
                int    flags,
                mode_t mode)
{
  struct stat status;
  char path[64];
  if (fstat (fd, &status) < 0)
    return -errno;
  int wait = S_ISREG (status.st_mode) || S_ISDIR (status.st_mode) ? 0 : O_NONBLOCK & ~flags;
  snprintf (path, sizeof path, "thread-self/fd/%d", fd);
  int opened = openat (proc, path, flags | wait | O_NOCTTY | O_CLOEXEC, mode);
  if (opened < 0)
    return -errno;
  if (wait && fcntl (opened, F_SETFL, fcntl (opened, F_GETFL) & ~O_NONBLOCK) < 0)
    {
      int result = -errno;
      close (opened);
      return result;
    }
  return opened;
}

/* The path to an open file from the calling thread's root, which the caller must free(). */
int
st_view_get_path (int    proc,
                  int    fd,
                  char **path)
{
  struct stat status;
  char name[64], text[PATH_MAX];
  snprintf (name, sizeof name, "thread-self/fd/%d", fd);
  ssize_t length = readlinkat (proc, name, text, sizeof text);
  if (length < 0 || fstat (fd, &status) < 0)
    return -errno;
  if (length == sizeof text)
    return -ENAMETOOLONG;
  if (status.st_nlink == 0) /* removed by now, and the text says so */
    return -ENOENT;
  *path = strndup (text, (size_t) length);
  return *path ? 0 : -ENOMEM;
}

/* Only what is not there yet: anything else is -EEXIST. */
int
st_view_create (int         directory,
                const char *name,
                int         flags,
                mode_t      mode)
{
  return result_of (openat (directory, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, mode));
}

static int
create_temporary (int    directory,
                  char   name[static 32],
                  mode_t mode)
{
  uint64_t random;
  int file = -EEXIST;
  for (int i = 0; file == -EEXIST && i < MAX_TRIES; i++)
    {
      if (getrandom (&random, sizeof random, 0) < 0)
        return -errno;
      snprintf (name, 32, ".st-%016llx", (unsigned long long) random);
      file = st_view_create (directory, name, O_WRONLY, mode);
    }
  return file;
}

/* Owner and group are kept where they can be given. */
static int
look_like (int file,
           int replaced)
{
  struct stat status;
  if (fstat (replaced, &status) < 0)
    return -errno;
  mode_t mode = status.st_mode & 07777;
  if (fchown (file, status.st_uid, status.st_gid) < 0)
    mode &= ~(mode_t) (S_ISUID | S_ISGID);
  return result_of (fchmod (file, mode));
}

/* Puts a new file in the place of @replaced, or of nothing (-1), all at once. */
int
st_view_replace (int         directory,
                 const char *name,
                 int         replaced,
                 const void *content,
                 size_t      size)
{
  char temporary[32];
  int file = create_temporary (directory, temporary, replaced < 0 ? 0666 : 0600);
  if (file < 0)
    return file;
  int result = st_system_write_all (file, content, size);
  if (result == 0 && replaced >= 0)
    result = look_like (file, replaced);
  if (close (file) < 0 && result == 0)
    result = -errno;
  if (result == 0)
    result = result_of (renameat (directory, temporary, directory, name));
  if (result < 0)
    unlinkat (directory, temporary, 0);
  return result;
}

/* Reads to the end. Nothing to read now is -EAGAIN: some files in /proc would wait for more. */
static int
read_into (int     fd,
           char  **content,
           size_t *room,
           size_t *size)
{
  for (;;)
    {
      ssize_t n = read (fd, *content + *size, *room - *size);
      if (n == 0)
        return 0;
      if (n < 0 && errno != EINTR)
        return -errno;
      if (n > 0)
        *size += (size_t) n;
      if (*size == *room)
        {
          char *more = realloc (*content, *room * 2);
          if (!more)
            return -ENOMEM;
          *content = more;
          *room *= 2;
        }
    }
}

/* The whole of an open file, which the caller must free(). */
int
st_view_read (int     fd,
              off_t   expected,
              char  **content,
              size_t *size)
{
  size_t room = expected < FIRST_ROOM ? FIRST_ROOM : (size_t) expected + 1; /* one more, to see the end at once */
  int flags = fcntl (fd, F_GETFL);
  if (flags < 0 || fcntl (fd, F_SETFL, flags | O_NONBLOCK) < 0)
    return -errno;
  char *buffer = malloc (room);
  if (!buffer)
    return -ENOMEM;
  *size = 0;
  int result = read_into (fd, &buffer, &room, size);
  if (result < 0)
    {
      free (buffer);
      return result;
    }
  char *fitting = realloc (buffer, *size > 0 ? *size : 1);
  *content = fitting ? fitting : buffer;
  return 0;
}

static bool
is_dots (const char *name)
{
  return strcmp (name, ".") == 0 || strcmp (name, "..") == 0;
}

/* Calls back for each entry, but for "." and "..", as they come. */
int
st_view_list (int    directory,
              void (*func) (const char *name,
                            void       *data),
              void  *data)
{
  int fd = openat (directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir (fd);
  if (!stream)
    {
      int result = -errno;
      if (fd >= 0)
        close (fd);
      return result;
    }
  struct dirent *entry;
  for (errno = 0; (entry = readdir (stream)); errno = 0)
    if (!is_dots (entry->d_name))
      func (entry->d_name, data);
  int result = -errno;
  closedir (stream);
  return result;
}
