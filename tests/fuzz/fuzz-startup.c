/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "fuzz.h"

#include "rows.h"
#include "st-kernel.h"
#include "st-linkage.h"
#include "st-startup-switch.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* The variables of the startup switch. An input is a byte that says which kinds are refused, one that says what else the kernel does, and
 * lines like "net=fd:103", with what comes after the prefix. Everything is done as before main(), but that nothing is ever joined. */

static int  pretend_to_enter (int           fd,
                              const StKind *kind);
static bool pretend_to_be_elsewhere (const StIdentity *there,
                                     const StIdentity *here);
static void pretend_to_end (int status) __attribute__ ((noreturn));
static int  say_nothing (int         fd,
                         const char *format,
                         ...) __attribute__ ((format (printf, 2, 3)));

#define st_system_enter                pretend_to_enter
#define st_system_is_same              pretend_to_be_elsewhere
#define st_linkage_is_before_main(any) ((void) (any), true)
#define unshare(flags)                 0
#define setresuid(real, effective, saved) 0
#define setresgid(real, effective, saved) 0
#define _exit                          pretend_to_end
#define dprintf                        say_nothing
#include "st-startup-switch.c"

/* Of the second byte. */
#define USER_HELPS  1 /* what was refused is not, in the user namespace */
#define NO_WAY_BACK 2

#define FIRST_GIVEN 100 /* and on: a namespace of each kind */
#define MAX_LINES   24

static struct
{
  unsigned int refused, traits;
  bool is_in[ST_N_KINDS];
  const StKind *entered[2 * ST_N_KINDS];
  int n_entered;
} kernel;

static jmp_buf ended;
static int n_fine, n_refused, n_bad, n_ended;

static int
pretend_to_enter (int           fd,
                  const StKind *kind)
{
  const StKind *found;
  rows_require (st_system_get_kind (fd, &found) == 0 && found == kind, "entered something else");
  const bool is_back = kernel.is_in[kind->index];
  const bool is_helped = kernel.is_in[ST_KIND_USER] && (kernel.traits & USER_HELPS);
  rows_require (!is_back || kind->index != ST_KIND_USER, "left a user namespace");
  if (is_back ? (kernel.traits & NO_WAY_BACK) != 0 : (kernel.refused >> kind->index & 1) && !is_helped)
    return -EPERM;
  kernel.is_in[kind->index] = !is_back;
  if (!is_back)
    kernel.entered[kernel.n_entered++] = kind;
  return 0;
}

static bool
pretend_to_be_elsewhere (const StIdentity *there,
                         const StIdentity *here)
{
  return there == here;
}

static bool
is_anywhere (void)
{
  for (int i = 0; i < ST_N_KINDS; i++)
    if (kernel.is_in[i])
      return true;
  return false;
}

static void
pretend_to_end (int status)
{
  rows_require (status == ST_STARTUP_NO_RETURN && is_anywhere (), "ended for nothing");
  longjmp (ended, 1);
}

static int
say_nothing (int         fd,
             const char *format,
             ...)
{
  char text[2048];
  va_list args;
  va_start (args, format);
  const int length = vsnprintf (text, sizeof text, format, args);
  va_end (args);
  rows_require (fd == STDERR_FILENO && length > 0 && length < (int) sizeof text, "said something odd");
  return length;
}

/* As somebody inherits them. */
static void
give_namespaces (void)
{
  ST_FOREACH_KIND (kind)
    {
      const int fd = st_system_open_current (kind);
      if (fd < 0)
        continue;
      rows_require (dup2 (fd, FIRST_GIVEN + (int) kind->index) >= 0, "cannot give a namespace");
      close (fd);
    }
}

/* Those that are given, and what a process that ended has left. */
static void
close_all_given (int first)
{
  for (int fd = first; fd < FIRST_GIVEN + ST_N_KINDS; fd++)
    close (fd);
}

/* Gives the environment, all in one piece of memory. */
static char **
read_lines (const uint8_t *data,
            size_t         size)
{
  char **lines = calloc (1, (MAX_LINES + 1) * sizeof *lines + (size + 1) + MAX_LINES * sizeof PREFIX);
  char *next = (char *) (lines + MAX_LINES + 1);
  for (int n = 0; n < MAX_LINES && size > 0; n++)
    {
      const uint8_t *end = memchr (data, '\n', size);
      const size_t length = end ? (size_t) (end - data) : size;
      lines[n] = next;
      next = stpcpy (next, PREFIX);
      memcpy (next, data, length);
      next += length + 1;
      data += length + (end != NULL);
      size -= length + (end != NULL);
    }
  return lines;
}

/* The last one counts. */
static const char *
find_value (char *const *lines,
            const char  *name)
{
  const size_t length = strlen (name);
  const char *value = NULL;
  for (; *lines; lines++)
    if (!strncmp (*lines + strlen (PREFIX), name, length) && (*lines)[strlen (PREFIX) + length] == '=')
      value = *lines + strlen (PREFIX) + length + 1;
  return value;
}

/* All that was asked for, and in the order that was. */
static void
check_joined (char *const *lines)
{
  const char *order = find_value (lines, ORDER);
  ST_FOREACH_KIND (kind)
    {
      const char *value = find_value (lines, kind->name);
      rows_require (kernel.is_in[kind->index] == (value != NULL), "fine, but not there");
      rows_require (!value || strncmp (value, "fd:", 3) != 0 || fcntl (atoi (value + 3), F_GETFD) < 0, "what was given is left");
    }
  for (int i = 1; order && i < kernel.n_entered; i++)
    rows_require (strstr (order, kernel.entered[i - 1]->name) < strstr (order, kernel.entered[i]->name), "another order");
}

static void
check (char *const           *asked,
       const StStartupReport *report)
{
  for (char **variable = environ; *variable; variable++)
    rows_require (!strchr (*variable, '='), "a variable is left");
  rows_require (memchr (report->text, '\0', sizeof report->text) != NULL, "a text without end");
  rows_require ((report->outcome == ST_STARTUP_FINE) == !*report->text, "a text for nothing, or none");
  rows_require ((report->outcome == ST_STARTUP_REFUSED) == (report->result < 0), "a result for nothing, or none");
  rows_require (report->outcome != ST_STARTUP_TOO_LATE, "too late");
  if (report->outcome == ST_STARTUP_FINE)
    check_joined (asked);
  else
    rows_require (!is_anywhere (), "half-joined");
  n_fine += report->outcome == ST_STARTUP_FINE && kernel.n_entered > 0;
  n_refused += report->outcome == ST_STARTUP_REFUSED && kernel.n_entered > 0;
  n_bad += report->outcome == ST_STARTUP_BAD_INPUT;
}

/* Seeds that nothing comes of are seeds of another language. */
static void
check_seeds (void)
{
  rows_require (n_fine > 0 && n_refused > 0 && n_bad > 0 && n_ended > 0, "the seeds do nothing");
}

static void
take_lines (char *const *asked,
            char       **lines)
{
  static StStartupReport report;
  char **outer = environ;
  environ = lines;
  if (setjmp (ended) == 0)
    {
      st_startup_switch (&report, &report);
      check (asked, &report);
    }
  else
    n_ended++;
  environ = outer;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  static bool is_prepared;
  if (!is_prepared)
    is_prepared = atexit (check_seeds) == 0;
  if (size < 2)
    return 0;
  const int ended_before = n_ended;
  memset (&kernel, 0, sizeof kernel);
  kernel.refused = data[0];
  kernel.traits = data[1];
  give_namespaces ();
  const int first = st_system_dup (STDERR_FILENO), n_fds = rows_count_fds (FIRST_GIVEN);
  char **asked = read_lines (data + 2, size - 2);
  char **lines = read_lines (data + 2, size - 2); /* this one is changed */
  take_lines (asked, lines);
  rows_require (n_ended > ended_before || rows_count_fds (FIRST_GIVEN) == n_fds, "a descriptor is left");
  close_all_given (first);
  free (asked);
  free (lines);
  return 0;
}
