/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-witness.h"

#include "st-mirror.h"
#include "st-process.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77 /* what test programs end with that were skipped, to those who run them */

#define REASON                                                                                                         \
  "spacetest: the test program was gone before its end, by _exit() or exec, so that its exit status %s says nothing " \
  "(a test returns; a program ends by returning from main() or by exit(); _exit() and exec are for children)\n"

static int words = -1; /* to the witness; children have it, other programs have not */

static long
read_number (const char *text,
             const char *name)
{
  const char *line = strstr (text, name);
  return line ? strtol (line + strlen (name), NULL, 10) : -1;
}

/* A fork would leave threads and children behind; and a debugger, which follows the process that it was given. */
static bool
may_fork (void)
{
  char text[4096];
  int fd = open ("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read (fd, text, sizeof text - 1);
  if (fd >= 0)
    close (fd);
  if (length <= 0)
    return false;
  text[length] = '\0';
  return read_number (text, "\nTracerPid:") == 0 && read_number (text, "\nThreads:") == 1 && st_process_has_children () == 0;
}

static void
hear (int   fd,
      bool *is_well,
      bool *has_failed)
{
  char word;
  while (read (fd, &word, 1) == 1)
    {
      *is_well |= word == ST_WITNESS_WELL;
      *has_failed |= word == ST_WITNESS_FAILED;
    }
}

/* To those who read TAP, and to those who read. */
static void
complain (int status)
{
  char text[512];
  const int length = snprintf (text, sizeof text, "\nBail out! " REASON, status == 0 ? "0" : "77");
  st_system_write_all (STDOUT_FILENO, text, (size_t) length);
  st_system_write_all (STDERR_FILENO, text + strlen ("\nBail out! "), (size_t) length - strlen ("\nBail out! "));
}

static noreturn void
witness (StMirror *mirror,
         int       fd)
{
  bool is_well = false, has_failed = false;
  st_mirror_keep (mirror, STDOUT_FILENO);
  st_mirror_keep (mirror, STDERR_FILENO);
  st_mirror_keep (mirror, fd);
  const int status = st_mirror_run (mirror);
  hear (fd, &is_well, &has_failed);
  if (WIFEXITED (status) && (WEXITSTATUS (status) == 0 || WEXITSTATUS (status) == SKIPPED))
    {
      if (!is_well && !has_failed)
        complain (WEXITSTATUS (status));
      if (!is_well || has_failed)
        _exit (EXIT_FAILURE);
    }
  st_mirror_end (status);
}

static int
fork_program (StMirror *mirror,
              int       pipe[2])
{
  int result = st_mirror_prepare (mirror);
  if (result >= 0)
    result = st_mirror_fork (mirror, -1);
  if (result == 1)
    witness (mirror, pipe[0]);
  if (result < 0)
    st_mirror_forget (mirror);
  return result;
}

/* Comes back in a child, the program from then on; the calling process is its witness. Gives 1, or 0 if there can be none. */
int
st_witness_start (void)
{
  StMirror mirror = { 0 };
  int pipe[2];
  if (!may_fork ())
    return 0;
  if (pipe2 (pipe, O_CLOEXEC | O_NONBLOCK) < 0)
    return -errno;
  int result = fork_program (&mirror, pipe);
  close (pipe[0]);
  if (result < 0)
    close (pipe[1]);
  else
    words = pipe[1];
  return result < 0 ? result : 1;
}

/* Safe in a signal handler. */
void
st_witness_tell (StWitnessWord word)
{
  const char byte = (char) word;
  if (words >= 0 && write (words, &byte, 1) < 0)
    words = -1;
}
