/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-mount-table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

/* Cuts the next field off. */
static char *
next_field (char **rest)
{
  static char none[] = "";
  char *field = strsep (rest, " \n");
  return field ? field : none;
}

/* The fields point into the line. */
static bool
parse_line (char    *text,
            StMount *mount)
{
  unsigned int major, minor;
  int size = 0;
  char *file_system = strstr (text, " - ");
  if (!file_system || sscanf (text, "%" SCNu64 " %" SCNu64 " %u:%u %n", &mount->id, &mount->parent, &major, &minor, &size) != 4)
    return false;
  *file_system = '\0';
  char *rest = text + size;
  mount->root = next_field (&rest);
  mount->point = next_field (&rest);
  mount->shared = rest && strstr (rest, " shared:");
  file_system += strlen (" - ");
  mount->device = makedev (major, minor);
  mount->type = next_field (&file_system);
  next_field (&file_system); /* the source */
  mount->options = next_field (&file_system);
  return true;
}

/* Of where the calling thread is. @proc is a procfs that knows it: there may be none where it stands. What is read is always the
 * table of now. */
int
st_mount_table_open (int proc)
{
  int fd = openat (proc, "thread-self/mountinfo", O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

typedef struct
{
  int fd;
  off_t position; /* of this reader: others may read at the same time */
} Reader;

static ssize_t
read_table (void  *cookie,
            char  *buffer,
            size_t size)
{
  Reader *reader = cookie;
  ssize_t length = pread (reader->fd, buffer, size, reader->position);
  if (length > 0)
    reader->position += length;
  return length;
}

/* Calls back for each mount until the answer is not 0, and gives that answer. */
int
st_mount_table_foreach (int         fd,
                        StMountFunc func,
                        void       *data)
{
  Reader reader = { fd, 0 };
  FILE *table = fopencookie (&reader, "r", (cookie_io_functions_t){ .read = read_table });
  if (!table)
    return -errno;

  char *text = NULL;
  size_t room = 0;
  int result = 0;
  StMount mount;
  while (result == 0 && getline (&text, &room, table) > 0)
    if (parse_line (text, &mount))
      result = func (&mount, data);
  if (result == 0 && ferror (table))
    result = -EIO;
  free (text);
  fclose (table);
  return result;
}

/* The same for a table by its path in /proc. */
int
st_mount_table_foreach_of (const char *table,
                           StMountFunc func,
                           void       *data)
{
  int fd = open (table, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  int result = st_mount_table_foreach (fd, func, data);
  close (fd);
  return result;
}

static bool
is_octal (const char *text)
{
  for (int i = 0; i < 3; i++)
    if (text[i] < '0' || text[i] > '7')
      return false;
  return true;
}

void
st_mount_table_unescape (char *text)
{
  char *to = text;
  for (const char *from = text; *from; to++)
    if (from[0] == '\\' && is_octal (from + 1))
      {
        *to = (char) ((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
        from += 4;
      }
    else
      *to = *from++;
  *to = '\0';
}

/* The value of an option of the file system, which the caller must free(), or NULL. */
char *
st_mount_table_dup_option (const StMount *mount,
                           const char    *name)
{
  size_t length = strlen (name);
  for (const char *option = mount->options; *option;)
    {
      size_t size = strcspn (option, ",");
      if (size > length && option[length] == '=' && strncmp (option, name, length) == 0)
        {
          char *value = strndup (option + length + 1, size - length - 1);
          if (value)
            st_mount_table_unescape (value);
          return value;
        }
      option += size;
      option += *option == ',';
    }
  return NULL;
}
