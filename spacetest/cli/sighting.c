/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "sighting.h"

#include <string.h>

static void
holder_clear (gpointer data)
{
  g_free (((Holder *) data)->path);
}

static GArray *
holders_new (void)
{
  GArray *holders = g_array_new (FALSE, FALSE, sizeof (Holder));
  g_array_set_clear_func (holders, holder_clear);
  return holders;
}

void
sighting_hold (GArray *holders,
               int     pid,
               int     number)
{
  const Holder holder = { .pid = pid, .number = number };
  g_array_append_val (holders, holder);
}

void
sighting_free (Sighting *self)
{
  g_free (self->name);
  g_free (self->owner);
  g_free (self->parent);
  g_array_unref (self->processes);
  g_array_unref (self->threads);
  g_array_unref (self->for_children);
  g_array_unref (self->fds);
  g_array_unref (self->mounts);
  g_array_unref (self->sockets);
  g_free (self);
}

/* NULL if @name is not the name of a namespace. */
Sighting *
sighting_new (const char *name)
{
  const char *colon = strchr (name, ':');
  const StKind *kind = colon ? st_kind_for_name (name, (gsize) (colon - name)) : NULL;
  if (!kind || colon[1] != '[')
    return NULL;
  Sighting *self = g_new0 (Sighting, 1);
  self->name = g_strdup (name);
  self->kind = kind;
  self->inode = g_ascii_strtoull (colon + 2, NULL, 10);
  self->owner_uid = -1;
  self->processes = holders_new ();
  self->threads = holders_new ();
  self->for_children = holders_new ();
  self->fds = holders_new ();
  self->mounts = holders_new ();
  self->sockets = holders_new ();
  return self;
}
