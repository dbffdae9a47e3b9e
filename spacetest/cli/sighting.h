/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <glib.h>

/* A namespace that was seen, and who keeps it alive. */

typedef struct
{
  int pid;
  int number; /* of a thread or a descriptor; unused for a process */
  char *path; /* of a mount, below /proc/PID/root; unused for others */
} Holder;

typedef struct
{
  char *name;            /* "net:[4026531833]" */
  const StKind *kind;
  guint64 inode;
  gboolean explored;     /* it could be opened and asked */
  guint64 serial;        /* 0 if it is not known */
  char *owner;           /* names of other ones, or NULL */
  char *parent;
  gint64 owner_uid;      /* -1 if it has none */
  GArray *processes;     /* of Holder, as are those below */
  GArray *threads;       /* those that are not where their process is */
  GArray *for_children;  /* threads that are elsewhere themselves, but whose children will be there */
  GArray *fds;
  GArray *mounts;
  GArray *sockets;
} Sighting;

Sighting *sighting_new  (const char *name);
void      sighting_free (Sighting   *self);
void      sighting_hold (GArray     *holders,
                         int         pid,
                         int         number);
