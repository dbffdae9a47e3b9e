/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>

/* A process that sits in namespaces of its own until it is stopped. */
typedef struct
{
  GPid pid;
  int work;   /* written to: one step more */
  int answer; /* read from: the step is done */
} IdleChild;

/* @namespaces are CLONE_NEW*; who makes a user namespace is root there. */
void idle_child_start   (IdleChild *self,
                         guint      namespaces);
void idle_child_unshare (IdleChild *self,
                         guint      namespaces);
void idle_child_kill    (IdleChild *self);        /* leaves a zombie */
void idle_child_stop    (IdleChild *self);        /* leaves nothing */

char *idle_child_get_path (IdleChild  *self,
                           const char *kind);
