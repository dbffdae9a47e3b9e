/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-join.h"

#include "st-system.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
is_at (int               current,
       const StIdentity *target)
{
  StIdentity here;
  if (current < 0)
    return current;
  int result = st_system_identify (current, &here);
  close (current);
  return result < 0 ? result : st_system_is_same (&here, target);
}

/* Whether there is nothing to join. What the children get is asked as well: a program that is executed gets that time, and
 * starts its own processes there. */
static int
is_there_already (StJoin       *self,
                  const StKind *kind)
{
  StIdentity target;
  int result = st_system_identify (self->fds[kind->index], &target);
  if (result < 0)
    return result;
  const int here = is_at (st_system_open_current (kind), &target);
  if (kind->index == ST_KIND_PID && here == 0)
    self->takes_child = true;
  if (here < 0 || kind->proc_entry == kind->children_proc_entry || strcmp (kind->proc_entry, kind->children_proc_entry) == 0)
    return here;
  const int children = is_at (st_system_open_new (kind), &target);
  if (children == -ENOENT) /* a new one that has no process yet */
    return 0;
  return kind->index == ST_KIND_PID ? children : children < 0 ? children : here && children;
}

/* Finds out what is to be done, before anything is: afterwards there may be no /proc to look at. */
int
st_join_plan (StJoin    *self,
              const int *fds)
{
  self->kinds = 0;
  self->takes_child = false;
  self->owner = -1;
  self->failed = 0;
  memcpy (self->fds, fds, sizeof self->fds);
  ST_FOREACH_KIND (kind)
    if (fds[kind->index] >= 0)
      {
        const int already = is_there_already (self, kind);
        if (already < 0)
          {
            self->failed = kind->flag;
            return already;
          }
        if (!already)
          self->kinds |= kind->flag;
      }
  return 0;
}

/* Gives those of @kinds that could not be entered; what the first one met is left in @error. */
static unsigned int
enter_kinds (StJoin      *self,
             unsigned int kinds,
             int         *error)
{
  unsigned int refused = 0;
  ST_FOREACH_KIND (kind)
    if (kinds & kind->flag)
      {
        const int result = st_system_enter (self->fds[kind->index], kind);
        if (result >= 0)
          continue;
        if (!refused)
          *error = result;
        refused |= kind->flag;
      }
  return refused;
}

static const StKind *
first_of (unsigned int kinds)
{
  ST_FOREACH_KIND (kind)
    if (kinds & kind->flag)
      return kind;
  return NULL;
}

/* As far as can be seen from here. */
static bool
is_above (int upper,
          int lower)
{
  StIdentity wanted;
  bool is_found = false;
  if (st_system_identify (upper, &wanted) < 0)
    return false;
  for (int next, at = st_system_open_parent (lower); at >= 0; at = next)
    {
      next = st_system_open_parent (at);
      is_found = is_found || is_at (at, &wanted) > 0; /* closes it */
    }
  return is_found;
}

/* Of the user namespaces that own what was refused, that which is around the others: from there, one may enter what they own, too. */
static int
open_outermost_owner (StJoin      *self,
                      unsigned int refused)
{
  int outermost = -EPERM;
  ST_FOREACH_KIND (kind)
    if (refused & kind->flag)
      {
        const int owner = st_system_open_owner (self->fds[kind->index]);
        if (owner < 0)
          continue;
        if (outermost >= 0 && !is_above (owner, outermost))
          {
            close (owner);
            continue;
          }
        if (outermost >= 0)
          close (outermost);
        outermost = owner;
      }
  return outermost;
}

/* Whoever made the user namespace that owns what was refused has every right there. */
static int
enter_owner (StJoin      *self,
             unsigned int refused)
{
  const StKind *user = &st_kinds[ST_KIND_USER];
  StIdentity identity;
  const int owner = open_outermost_owner (self, refused);
  int result = owner < 0 ? owner : st_system_identify (owner, &identity);
  if (result == 0 && is_at (st_system_open_current (user), &identity) != 0)
    result = -EPERM; /* there already, and it did not help */
  if (result == 0)
    result = st_system_enter (owner, user);
  if (result == 0)
    self->owner = owner;
  else if (owner >= 0)
    close (owner);
  return result;
}

static int
enter_user (StJoin      *self,
            unsigned int refused,
            int          error)
{
  const StKind *user = &st_kinds[ST_KIND_USER];
  if (self->kinds & user->flag)
    {
      const int result = st_system_enter (self->fds[user->index], user);
      if (result < 0)
        self->failed = user->flag;
      return result;
    }
  if (refused && error == -EPERM && self->fds[user->index] < 0)
    enter_owner (self, refused); /* if that fails, the first refusal is what counts */
  return 0;
}

/* Some namespaces are refused before, and others after the user namespace was joined: it takes rights in both. */
int
st_join_enter (StJoin *self)
{
  int error = 0;
  unsigned int refused = enter_kinds (self, self->kinds & ~st_kinds[ST_KIND_USER].flag, &error);
  const int result = enter_user (self, refused, error);
  if (result < 0)
    return result;
  if (refused && st_join_get_user (self) >= 0)
    refused = enter_kinds (self, refused, &error);
  if (!refused)
    return 0;
  self->failed = first_of (refused)->flag;
  return error;
}

/* The user namespace that was joined, or -1. */
int
st_join_get_user (const StJoin *self)
{
  return self->kinds & st_kinds[ST_KIND_USER].flag ? self->fds[ST_KIND_USER] : self->owner;
}

static int
tolerate (int result,
          int number)
{
  return result < 0 && errno != number ? -errno : 0;
}

/* For a user namespace just joined: as far as there is a root. */
int
st_join_become_root (void)
{
  int result = tolerate (setgroups (0, NULL), EPERM); /* given up where the groups were mapped without privilege */
  if (result == 0)
    result = tolerate (setgid (0), EINVAL);
  if (result == 0)
    result = tolerate (setuid (0), EINVAL);
  return result;
}

void
st_join_clear (StJoin *self)
{
  if (self->owner >= 0)
    close (self->owner);
  self->owner = -1;
}
