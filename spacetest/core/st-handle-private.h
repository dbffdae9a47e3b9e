/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-namespace-type-private.h"
#include "st-system.h"

/* An open namespace, shared by whoever uses it: closing a reference on one thread takes nothing from under another. */
typedef struct
{
  gatomicrefcount ref_count;
  int fd;
  const StKind *kind;
  StIdentity identity;
  GObject *broker;    /* who may do more there than the caller, or NULL */
} StHandle;

StHandle *st_handle_new_take    (int           fd,
                                 const StKind *kind,
                                 GError      **error);
StHandle *st_handle_new_current (const StKind *kind,
                                 GError      **error);
void      st_handle_set_broker  (StHandle *self,
                                 GObject  *broker);
StHandle *st_handle_ref         (StHandle *self);
void      st_handle_unref       (StHandle *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StHandle, st_handle_unref)

/* At most one of each kind. */
typedef struct
{
  StHandle *of_kind[ST_N_KINDS];
} StHandleSet;

void            st_handle_set_clear     (StHandleSet *self);
StNamespaceType st_handle_set_get_types (const StHandleSet *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StHandleSet, st_handle_set_clear)
