/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "sighting.h"

#include <spacetest/spacetest.h>

/* What can be seen of the namespaces of this host. */

typedef struct
{
  GHashTable *by_name;   /* of Sighting */
  GHashTable *tables;    /* of mounts, those that were read */
  GHashTable *mounts;    /* by number, those that were counted */
  guint64 nsfs;          /* the device that namespaces are on */
  GError *failure;       /* why not everything was seen that could have been */
} Survey;

Survey    *survey_new         (GError        **error);
void       survey_free        (Survey         *self);
gboolean   survey_look_around (Survey         *self,
                               GError        **error);
Sighting  *survey_include     (Survey         *self,
                               StNamespaceRef *ref);
Sighting  *survey_find        (Survey         *self,
                               const char     *name);
GPtrArray *survey_list        (Survey         *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Survey, survey_free)
