/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-coverage.h"

#ifdef ST_COVERAGE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void __gcov_dump (void);
void __gcov_reset (void);

/* Each program and each library counts for itself: what comes after this one in the order of symbols writes its own, and
 * the C library of a static program may come with another abort(). */
#define IN_TURN __attribute__ ((weak, visibility ("default")))

#define NEXT ((void *) -1L)

/* Not there in a static program, which is the last in that order. */
#pragma weak dlsym
void *dlsym (void       *restrict handle,
             const char *restrict name);

/* Not in another root, or without a descriptor to spare. ST_COVERAGE is the build directory. */
static bool
can_write (void)
{
  int fd = open (ST_COVERAGE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const bool is_ours = faccessat (fd, ".", W_OK, AT_EACCESS) == 0;
  close (fd);
  return is_ours;
}

void
st_coverage_save (void)
{
  const int error = errno;
  const mode_t mask = umask (0); /* others write to the same files */
  if (can_write ())
    {
      __gcov_dump ();
      __gcov_reset (); /* and may be dumped again */
    }
  umask (mask);
  errno = error;
}

/* At the end of a program that has none left, what is written after this needs one. */
__attribute__ ((destructor)) static void
make_room (void)
{
  if (!can_write () && errno == EMFILE)
    close_range (STDERR_FILENO + 1, ~0U, 0);
}

static void *
find_next (const char *name)
{
  return dlsym ? dlsym (NEXT, name) : NULL;
}

IN_TURN void
_exit (int status)
{
  void (*next) (int);
  st_coverage_save ();
  *(void **) &next = find_next ("_exit");
  if (next)
    next (status);
  for (;;)
    syscall (SYS_exit_group, status);
}

IN_TURN void
abort (void)
{
  void (*next) (void);
  st_coverage_save ();
  *(void **) &next = find_next ("abort");
  if (next)
    next ();
  signal (SIGABRT, SIG_DFL);
  raise (SIGABRT);
  _exit (EXIT_FAILURE);
}

#else

void
st_coverage_save (void)
{
}

#endif
