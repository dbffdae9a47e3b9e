/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-way-in.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MOST_DESCRIPTORS 1024
#define PATH_SIZE 64

typedef struct
{
  char *at;
  size_t left;
} Text;

static void
append (Text       *text,
        const char *more)
{
  for (; *more && text->left > 1; more++, text->left--)
    *text->at++ = *more;
  *text->at = '\0';
}

static void
append_number (Text        *text,
               unsigned int number)
{
  char digits[16];
  char *first = digits + sizeof digits;
  *--first = '\0';
  do
    *--first = (char) ('0' + number % 10);
  while (number /= 10);
  append (text, first);
}

static void
read_name (const char *path,
           char        name[ST_WAY_IN_NAME_SIZE])
{
  char target[ST_WAY_IN_NAME_SIZE];
  ssize_t length = readlink (path, target, sizeof target - 1);
  target[length > 0 ? length : 0] = '\0';
  strcpy (name, target);
}

void
st_way_in_find (StWhereabouts *self,
                pid_t          pid)
{
  ST_FOREACH_KIND (kind)
    {
      char path[PATH_SIZE];
      Text text = { path, sizeof path };
      append (&text, "/proc/");
      if (pid > 0)
        append_number (&text, (unsigned int) pid);
      else
        append (&text, "thread-self");
      append (&text, "/ns/");
      append (&text, kind->proc_entry);
      read_name (path, self->of_kind[kind->index]);
    }
}

static bool
differs (const StWhereabouts *self,
         const StWhereabouts *other,
         const StKind        *kind)
{
  const char *here = self->of_kind[kind->index];
  return here[0] && strcmp (here, other->of_kind[kind->index]) != 0;
}

/* Those that are not home's, with commas; false if there are none. */
bool
st_way_in_list (const StWhereabouts *self,
                const StWhereabouts *home,
                char                 list[ST_WAY_IN_SIZE])
{
  Text text = { list, ST_WAY_IN_SIZE };
  append (&text, "");
  ST_FOREACH_KIND (kind)
    if (differs (self, home, kind))
      {
        append (&text, list[0] ? ", " : "");
        append (&text, self->of_kind[kind->index]);
      }
  return list[0] != '\0';
}

/* In another PID namespace we have another number. */
void
st_way_in_number (int  proc,
                  bool of_thread,
                  char number[ST_WAY_IN_NUMBER_SIZE])
{
  char target[PATH_SIZE];
  Text text = { number, ST_WAY_IN_NUMBER_SIZE };
  const ssize_t length = proc < 0 ? -1 : readlinkat (proc, of_thread ? "thread-self" : "self", target, sizeof target - 1);
  if (length <= 0)
    {
      append_number (&text, (unsigned int) (of_thread ? gettid () : getpid ()));
      return;
    }
  target[length] = '\0';
  const char *last = strrchr (target, '/'); /* "1234/task/1235" */
  append (&text, last ? last + 1 : target);
}

static const char *
option_of (const StKind *kind)
{
  return kind->index == ST_KIND_MNT ? "mount" : kind->name;
}

/* Who owns a user namespace may enter it, and is root there by being let in: to change ids takes more. */
static void
append_user (Text                *text,
             const StWhereabouts *self,
             const StWhereabouts *outside)
{
  if (differs (self, outside, &st_kinds[ST_KIND_USER]))
    append (text, " --preserve-credentials --user");
}

/* For a thread that is at @self. @outside is where whoever types it is; where that is not known, he shares PID and time namespaces. */
void
st_way_in_describe (const StWhereabouts *self,
                    const StWhereabouts *outside,
                    const char          *number,
                    char                 command[ST_WAY_IN_SIZE])
{
  Text text = { command, ST_WAY_IN_SIZE };
  append (&text, "nsenter --target ");
  append (&text, number);
  append_user (&text, self, outside);
  ST_FOREACH_KIND (kind)
    if (kind->index != ST_KIND_USER && (kind->by_thread || outside->of_kind[kind->index][0]) && differs (self, outside, kind))
      {
        append (&text, " --");
        append (&text, option_of (kind));
      }
}

static const StKind *
kind_of (const char *name)
{
  const char *colon = strchr (name, ':');
  return colon && colon[1] == '[' ? st_kind_for_name (name, (size_t) (colon - name)) : NULL;
}

/* The next descriptor of a namespace that a thread can visit and that is not home's, or -1. */
int
st_way_in_next_held (const StWhereabouts *home,
                     int                  after,
                     const StKind       **kind,
                     char                 name[ST_WAY_IN_NAME_SIZE])
{
  for (int fd = after + 1; fd < MOST_DESCRIPTORS; fd++)
    {
      char path[PATH_SIZE];
      Text text = { path, sizeof path };
      append (&text, "/proc/self/fd/");
      append_number (&text, (unsigned int) fd);
      read_name (path, name);
      *kind = kind_of (name);
      if (*kind && (*kind)->by_thread && strcmp (name, home->of_kind[(*kind)->index]) != 0)
        return fd;
    }
  return -1;
}

void
st_way_in_describe_held (const StWhereabouts *home,
                         const StWhereabouts *outside,
                         const char          *number,
                         const StKind        *kind,
                         int                  fd,
                         char                 command[ST_WAY_IN_SIZE])
{
  Text text = { command, ST_WAY_IN_SIZE };
  append (&text, "nsenter --target ");
  append (&text, number);
  append_user (&text, home, outside);
  append (&text, " --");
  append (&text, option_of (kind));
  append (&text, "=/proc/");
  append (&text, number);
  append (&text, "/fd/");
  append_number (&text, (unsigned int) fd);
}
