/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-clock.h"

#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OFFSETS "/proc/self/timens_offsets"
#define SECOND INT64_C (1000000000)

int64_t
st_clock_get_milliseconds (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As the kernel has it: nanoseconds are never negative. */
typedef struct
{
  long long seconds;
  long nanoseconds;
} Offset;

static Offset
add (Offset  offset,
     int64_t nanoseconds)
{
  long long seconds = nanoseconds / SECOND;
  long rest = (long) (nanoseconds % SECOND);
  if (rest < 0)
    {
      rest += SECOND;
      seconds--;
    }
  offset.seconds += seconds;
  offset.nanoseconds += rest;
  if (offset.nanoseconds >= SECOND)
    {
      offset.nanoseconds -= SECOND;
      offset.seconds++;
    }
  return offset;
}

static int
read_line (const char *text,
           const char *clock,
           Offset     *offset)
{
  const char *line = strstr (text, clock);
  return line && sscanf (line + strlen (clock), "%lld %ld", &offset->seconds, &offset->nanoseconds) == 2 ? 0 : -EIO;
}

/* The new namespace starts with those of the one that the process is in. */
static int
read_offsets (Offset *monotonic,
              Offset *boottime)
{
  char text[256];
  int fd = open (OFFSETS, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  ssize_t size = read (fd, text, sizeof text - 1);
  int result = size < 0 ? -errno : 0;
  close (fd);
  text[size < 0 ? 0 : size] = '\0';
  if (result == 0)
    result = read_line (text, "monotonic", monotonic);
  return result < 0 ? result : read_line (text, "boottime", boottime);
}

static int
write_offsets (Offset monotonic,
               Offset boottime)
{
  char text[128];
  int size = snprintf (text, sizeof text, "monotonic %lld %ld\nboottime %lld %ld\n", monotonic.seconds, monotonic.nanoseconds,
                       boottime.seconds, boottime.nanoseconds);
  int fd = open (OFFSETS, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  int result = write (fd, text, (size_t) size) < 0 ? -errno : 0;
  close (fd);
  return result;
}

/* The kernel counts from the clocks of the machine, this from those of the process, which may be in a time namespace itself.
 * -ERANGE if a clock would be before its start or too far in the future. */
int
st_clock_shift (int64_t monotonic,
                int64_t boottime)
{
  Offset monotonic_offset, boottime_offset;
  if (monotonic == 0 && boottime == 0)
    return 0;
  int result = read_offsets (&monotonic_offset, &boottime_offset);
  return result < 0 ? result : write_offsets (add (monotonic_offset, monotonic), add (boottime_offset, boottime));
}

/* What is to be read are the offsets of the process's children: of its main thread, so this is about that, too. */
static bool
is_of_children (void)
{
  struct stat own, of_children;
  return stat ("/proc/self/ns/time", &own) == 0 && stat ("/proc/self/ns/time_for_children", &of_children) == 0 &&
         own.st_ino == of_children.st_ino;
}

int64_t
st_clock_get_boottime_offset (void)
{
  Offset monotonic, boottime;
  if (!is_of_children () || read_offsets (&monotonic, &boottime) < 0)
    return 0;
  return boottime.seconds * SECOND + boottime.nanoseconds;
}

int
st_clock_enter_new (void)
{
  const StKind *time = &st_kinds[ST_KIND_TIME];
  int fd = st_system_open_new (time);
  if (fd < 0)
    return fd;
  int result = st_system_enter (fd, time);
  close (fd);
  return result;
}
