/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <spacetest/spacetest.h>

/* What can be seen of the namespaces of this host, and who keeps each of them alive. */

typedef struct
{
  int pid;
  int number; /* of a thread or a descriptor; unused for a process */
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
  GArray *processes;     /* of Holder, as are threads, fds and sockets */
  GArray *threads;       /* those that are not where their process is */
  GArray *fds;
  GArray *sockets;
  GPtrArray *mounts;     /* of paths */
} Sighting;

typedef struct
{
  GHashTable *by_name;   /* of Sighting */
  GPtrArray *sorted;     /* by kind, then by number */
} Survey;

Survey   *survey_new   (GError **error);
void      survey_free  (Survey *self);
Sighting *survey_find  (Survey     *self,
                        const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Survey, survey_free)
