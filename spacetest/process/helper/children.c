/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "children.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Those of a parent are none of ours; only the memory is used again. */
void
children_begin (Children *children)
{
  children->n = 0;
}

bool
children_make_room (Children *children)
{
  if (children->n < children->room)
    return true;
  size_t room = children->room * 2 + 16;
  pid_t *list = realloc (children->list, room * sizeof *list);
  if (!list)
    return false;
  children->list = list;
  children->room = room;
  return true;
}

void
children_add (Children *children,
              pid_t     pid)
{
  children->list[children->n++] = pid;
}

bool
children_has (const Children *children,
              pid_t           pid)
{
  for (size_t i = 0; i < children->n; i++)
    if (children->list[i] == pid)
      return true;
  return false;
}

static void
forget (Children *children,
        pid_t     pid)
{
  for (size_t i = 0; i < children->n; i++)
    if (children->list[i] == pid)
      {
        children->list[i] = children->list[--children->n];
        return;
      }
}

/* The first process of a PID namespace gets the orphans too. */
void
children_reap (Children *children)
{
  pid_t pid;
  while ((pid = waitpid (-1, NULL, WNOHANG)) > 0)
    forget (children, pid);
}

/* Nobody else reaps them, so the numbers are still theirs. */
void
children_signal (const Children *children,
                 int             number)
{
  for (size_t i = 0; i < children->n; i++)
    kill (children->list[i], number);
}
