/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-space.h"
#include "st-worker-private.h"

struct _StSpace
{
  GObject parent_instance;

  GPtrArray *refs;    /* of StNamespaceRef; NULL in a space that was made without its constructor, and in a reference */
  GMutex lock;
  GPtrArray *workers; /* of Settlement, guarded by lock */
  GWeakRef *watch;    /* of the space, for the references; guarded by lock until it is disposed of */
};

struct _StSpaceClass
{
  GObjectClass parent_class;

  /* Adds the open namespaces to a set. The base class asks its references, a reference has one of its own. */
  gboolean (*acquire) (StSpace     *self,
                       StHandleSet *set,
                       GError     **error);
  StNamespaceType (*get_types) (StSpace *self);
  StNamespaceRef *(*get_ref) (StSpace         *self,
                              StNamespaceType  type);
};

StSpace *st_space_new_take          (GPtrArray *refs);
gboolean st_space_acquire           (StSpace     *self,
                                     StHandleSet *set,
                                     GError     **error);
gboolean st_space_acquire_enterable (StSpace     *self,
                                     StHandleSet *set,
                                     GError     **error);
StWorker *st_space_get_worker       (StSpace *self,
                                     GError **error);
void     st_space_unwatch           (StSpace *self);
void     st_space_stop_workers      (StSpace *self);
