/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-startup-switch.h"

#include "st-kernel.h"
#include "st-linkage.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define PREFIX "spacetest_"
#define ORDER "order"

/* One namespace to join. */
typedef struct
{
  const StKind *kind;
  const char *reference;
  bool opened_first;
  bool waits;   /* for the permission that comes with the user namespace */
  int fd;
  int given;    /* the descriptor that we were handed, or an error */
  int home;
} Step;

typedef struct
{
  StStartupReport *report;
  const char *references[ST_N_KINDS];
  const char *order;
  bool is_asked;
  Step steps[ST_N_KINDS];
  int n_steps;
  const Step *joined[ST_N_KINDS];
  int n_joined;
  StPlace place;
} Switch;

static bool fail (Switch          *self,
                  StStartupOutcome outcome,
                  int              result,
                  const char      *format,
                  ...) __attribute__ ((format (printf, 4, 5)));

static bool
fail (Switch          *self,
      StStartupOutcome outcome,
      int              result,
      const char      *format,
      ...)
{
  va_list args;
  va_start (args, format);
  self->report->outcome = outcome;
  self->report->result = result;
  vsnprintf (self->report->text, sizeof self->report->text, format, args);
  va_end (args);
  return false;
}

/* Gives what stands after the prefix, and how long the name is; NULL for other variables. */
static const char *
get_name (const char *variable,
          int        *length)
{
  if (strncmp (variable, PREFIX, strlen (PREFIX)) != 0 || !strchr (variable, '='))
    return NULL;
  variable += strlen (PREFIX);
  *length = (int) strcspn (variable, "=");
  return variable;
}

static bool
read_variable (Switch     *self,
               const char *name,
               int         length)
{
  const char *value = name + length + 1;
  if (length == (int) strlen (ORDER) && !memcmp (name, ORDER, strlen (ORDER)))
    {
      self->order = value;
      return *value || fail (self, ST_STARTUP_BAD_INPUT, 0, "cannot read " PREFIX ORDER ": it is empty; it takes a list of kinds");
    }
  const StKind *kind = st_kind_for_name (name, (size_t) length);
  if (!kind)
    return fail (self, ST_STARTUP_BAD_INPUT, 0,
                 "cannot read " PREFIX "%.*s: no such kind (known are cgroup, ipc, mnt, net, pid, time, user, uts, and " ORDER ")",
                 length < 64 ? length : 64, name);
  self->references[kind->index] = value;
  return *value || fail (self, ST_STARTUP_BAD_INPUT, 0, "cannot read " PREFIX "%s: it is empty; it takes a path, pid:1234 or fd:5", kind->name);
}

static bool
read_environment (Switch *self)
{
  int length;
  bool is_good = true;
  for (char **variable = environ; variable && *variable; variable++)
    {
      const char *name = get_name (*variable, &length);
      self->is_asked |= name != NULL;
      if (name && is_good)
        is_good = read_variable (self, name, length);
    }
  return is_good;
}

/* A child is not switched again. */
static void
clear_environment (void)
{
  int length;
  for (char **variable = environ; variable && *variable;)
    {
      const char *rest = get_name (*variable, &length);
      char *name = rest ? strndup (*variable, strlen (PREFIX) + (size_t) length) : NULL;
      if (name && unsetenv (name) == 0)
        variable = environ;
      else
        variable++;
      free (name);
    }
}

/* Digits and nothing else; or -1. */
static int
parse_number (const char *text)
{
  char *rest;
  errno = 0;
  const long number = strtol (text, &rest, 10);
  return *text >= '0' && *text <= '9' && !*rest && !errno && number <= INT_MAX ? (int) number : -1;
}

/* Looked at before we open anything, which would get the number of what is not there. What is no namespace is not ours to close. */
static int
look_at_given (const char *reference)
{
  const StKind *kind;
  const int given = strncmp (reference, "fd:", 3) ? -1 : parse_number (reference + 3);
  const int result = given < 0 ? -EINVAL : st_system_get_kind (given, &kind);
  return result < 0 ? result : given;
}

static bool
add_step (Switch       *self,
          const StKind *kind,
          bool          opened_first)
{
  if (self->references[kind->index])
    self->steps[self->n_steps++] = (Step) {
      .kind = kind,
      .reference = self->references[kind->index],
      .opened_first = opened_first,
      .fd = -1,
      .given = look_at_given (self->references[kind->index]),
      .home = -1,
    };
  return true;
}

/* Everything but the user namespace first; what that is not permitted is tried again with its permissions. */
static bool
use_default_order (Switch *self)
{
  ST_FOREACH_KIND (kind)
    if (kind->index != ST_KIND_USER)
      add_step (self, kind, true);
  return add_step (self, &st_kinds[ST_KIND_USER], true);
}

static bool
read_order (Switch *self)
{
  unsigned int listed = 0;
  for (const char *item = self->order; item;)
    {
      const bool opened_first = *item == '!';
      const char *name = item + opened_first;
      const int length = (int) strcspn (name, ",");
      const StKind *kind = st_kind_for_name (name, (size_t) length);
      if (!kind || (listed & kind->flag))
        return fail (self, ST_STARTUP_BAD_INPUT, 0,
                     "cannot read " PREFIX ORDER ": %s kind \"%.*s\" (known are cgroup, ipc, mnt, net, pid, time, user, uts)",
                     kind ? "doubled" : "unknown", length < 64 ? length : 64, name);
      listed |= kind->flag;
      add_step (self, kind, opened_first);
      item = name[length] ? name + length + 1 : NULL;
    }
  ST_FOREACH_KIND (kind)
    if (self->references[kind->index] && !(listed & kind->flag))
      return fail (self, ST_STARTUP_BAD_INPUT, 0, "cannot read " PREFIX ORDER ": it lacks %s, which " PREFIX "%s is set for", kind->name,
                   kind->name);
  return true;
}

static int
open_of_process (int           pid,
                 const StKind *kind)
{
  const int pidfd = st_kernel_pidfd_open (pid);
  if (pidfd < 0)
    return pidfd == -EINVAL ? -ESRCH : pidfd;
  const int fd = st_system_open_process (pidfd, kind);
  close (pidfd);
  return fd;
}

static int
open_reference (const Step *step)
{
  if (!strncmp (step->reference, "fd:", 3))
    return step->given < 0 ? step->given : st_system_dup (step->given);
  if (strncmp (step->reference, "pid:", 4) != 0)
    return st_system_open_path (step->reference);
  return open_of_process (parse_number (step->reference + 4), step->kind);
}

/* What is to stand there instead, or NULL if it may do. */
static const char *
expect (const char *reference)
{
  if (!strncmp (reference, "fd:", 3) && parse_number (reference + 3) < 0)
    return "the number of a descriptor is expected after \"fd:\", as in fd:5; a file of that name is ./fd:...";
  if (!strncmp (reference, "pid:", 4) && parse_number (reference + 4) <= 0)
    return "the number of a process is expected after \"pid:\", as in pid:1234; a file of that name is ./pid:...";
  return NULL;
}

static bool
open_step (Switch *self,
           Step   *step)
{
  const StKind *kind = NULL;
  const char *name = step->kind->name;
  const char *expected = expect (step->reference);
  if (expected)
    return fail (self, ST_STARTUP_BAD_INPUT, 0, "cannot read " PREFIX "%s=%.256s: %s", name, step->reference, expected);
  step->fd = open_reference (step);
  const int result = step->fd < 0 ? step->fd : st_system_get_kind (step->fd, &kind);
  if (result < 0)
    return fail (self, ST_STARTUP_REFUSED, result, "cannot open " PREFIX "%s=%.256s", name, step->reference);
  if (kind != step->kind)
    return fail (self, ST_STARTUP_WRONG_KIND, 0, "cannot use " PREFIX "%s=%.256s as a %s namespace: it is a %s namespace", name,
                 step->reference, name, kind->name);
  return true;
}

/* What joining changes: for a PID namespace that is where children go. */
static int
open_home (const StKind *kind)
{
  char path[64];
  const bool for_children = kind->index == ST_KIND_PID;
  const int pidfd = st_kernel_pidfd_open (getpid ());
  int fd = pidfd < 0 ? pidfd : st_kernel_pidfd_get (pidfd, for_children ? kind->pidfd_get_children : kind->pidfd_get);
  if (pidfd >= 0)
    close (pidfd);
  if (fd >= 0 || !st_kernel_is_missing (fd))
    return fd;
  snprintf (path, sizeof path, "/proc/thread-self/ns/%s", for_children ? kind->children_proc_entry : kind->proc_entry);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* Whatever can be done before the first switch is done before. */
static bool
prepare (Switch *self)
{
  for (Step *step = self->steps; step < self->steps + self->n_steps; step++)
    {
      step->home = open_home (step->kind);
      if (step->home < 0)
        return fail (self, ST_STARTUP_REFUSED, step->home, "cannot find the %s namespace of the program", step->kind->name);
      if (step->opened_first && !open_step (self, step))
        return false;
    }
  int result = self->n_steps > 0 ? st_system_place_open (&self->place) : 0;
  if (result == 0 && self->n_steps > 0)
    result = st_system_own_fs (); /* another process may share it: who does can't join user and mnt */
  return result == 0 || fail (self, ST_STARTUP_REFUSED, result, "cannot keep the working directory of the program");
}

static bool
is_there (const Step *step)
{
  StIdentity there, here;
  return st_system_identify (step->fd, &there) == 0 && st_system_identify (step->home, &here) == 0 && st_system_is_same (&there, &here);
}

static bool
join (Switch *self,
      Step   *step)
{
  const bool may_wait = !self->order && step->kind->index != ST_KIND_USER && !step->waits && self->references[ST_KIND_USER];
  if (step->fd < 0 && !open_step (self, step))
    return false;
  if (is_there (step))
    return true;
  const int result = st_system_enter (step->fd, step->kind);
  step->waits = result == -EPERM && may_wait;
  if (result < 0)
    return step->waits || fail (self, ST_STARTUP_REFUSED, result, "cannot join " PREFIX "%s=%.256s", step->kind->name, step->reference);
  self->joined[self->n_joined++] = step;
  return true;
}

static bool
has_joined_user (const Switch *self)
{
  for (int i = 0; i < self->n_joined; i++)
    if (self->joined[i]->kind->index == ST_KIND_USER)
      return true;
  return false;
}

/* Its root, if it has one. */
static void
become_root (void)
{
  if (setresgid (0, 0, 0) < 0 && errno != EINVAL)
    return;
  if (setresuid (0, 0, 0) < 0)
    return;
}

static bool
join_all (Switch *self)
{
  for (Step *step = self->steps; step < self->steps + self->n_steps; step++)
    if (!join (self, step))
      return false;
  for (Step *step = self->steps; step < self->steps + self->n_steps; step++)
    if (step->waits && !join (self, step))
      return false;
  if (has_joined_user (self))
    become_root ();
  return true;
}

static void
end (const Switch *self,
     const StKind *kind,
     int           result)
{
  const StStartupReport *report = self->report;
  dprintf (STDERR_FILENO, "%s: %s%s%s; already in another %s namespace, with no way back%s%s\n", program_invocation_short_name, report->text,
           report->result < 0 ? ": " : "", report->result < 0 ? strerror (-report->result) : "", kind->name, result < 0 ? ": " : "",
           result < 0 ? strerror (-result) : "");
  _exit (ST_STARTUP_NO_RETURN);
}

/* Nothing is half-joined. */
static void
go_back (Switch *self)
{
  if (has_joined_user (self))
    end (self, &st_kinds[ST_KIND_USER], 0);
  while (self->n_joined > 0)
    {
      const Step *step = self->joined[--self->n_joined];
      int result = st_system_enter (step->home, step->kind);
      if (result == 0 && step->kind->index == ST_KIND_MNT)
        result = st_system_place_restore (&self->place);
      if (result < 0)
        end (self, step->kind, result);
    }
}

static void
close_all (Switch *self)
{
  for (const Step *step = self->steps; step < self->steps + self->n_steps; step++)
    {
      const int fds[] = { step->fd, step->home };
      for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
          close (fds[i]);
    }
  st_system_place_close (&self->place);
}

/* Whatever came of it, nobody else knows what they are for. */
static void
close_given (void)
{
  int length;
  for (char **variable = environ; variable && *variable; variable++)
    {
      const char *name = get_name (*variable, &length);
      const int given = name && st_kind_for_name (name, (size_t) length) ? look_at_given (name + length + 1) : -1;
      if (given > STDERR_FILENO)
        close (given);
    }
}

static bool
is_threaded (void)
{
  return unshare (CLONE_THREAD) < 0 && errno == EINVAL;
}

static void
take_part (Switch *self,
           bool    is_good)
{
  is_good = is_good && (self->order ? read_order (self) : use_default_order (self)) && prepare (self);
  if (is_good && !join_all (self))
    go_back (self);
  close_all (self);
  close_given ();
  clear_environment ();
}

/* @library is some address in the object whose constructor this is. */
void
st_startup_switch (const void      *library,
                   StStartupReport *report)
{
  Switch self = { .report = report, .place = { -1, -1 } };
  memset (report, 0, sizeof *report);
  const bool is_good = read_environment (&self);
  if (!self.is_asked)
    return;
  const bool is_before_main = st_linkage_is_before_main (library);
  if (getauxval (AT_SECURE) != 0) /* who starts a setuid program has no say in it, nor in what that starts */
    {
      memset (report, 0, sizeof *report);
      if (is_before_main)
        clear_environment ();
    }
  else if (!is_before_main)
    fail (&self, ST_STARTUP_TOO_LATE, 0, "cannot join what " PREFIX "* names: the library was loaded after the start of the program");
  else if (is_threaded ())
    fail (&self, ST_STARTUP_TOO_LATE, 0, "cannot join what " PREFIX "* names: the program has started threads already");
  else
    take_part (&self, is_good);
}
