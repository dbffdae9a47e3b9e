/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-namespace-ref.h"
#include "st-space-private.h"

struct _StNamespaceRef
{
  StSpace parent_instance;

  /* What it is, once and for all: NULL in a reference that was made without its constructor. Stays after closing. */
  const StKind *kind;
  StIdentity identity;

  gboolean is_ours;     /* this library made the namespace */
  gboolean from_spacer;
  char *path;           /* the file that it is bound to, if it was opened there, or NULL */

  GMutex lock;
  StHandle *handle;   /* guarded by lock; NULL once closed */
};

struct _StNamespaceRefClass
{
  StSpaceClass parent_class;

  void (*close) (StNamespaceRef *self);
};

/* Called for each reference that is opened or made, on any thread. For the test helpers. */
void            st_namespace_ref_set_hook        (void (*hook) (StNamespaceRef *self));

StNamespaceRef *st_namespace_ref_new_take_handle (StHandle *handle);
StNamespaceRef *st_namespace_ref_new_of_type     (StHandle       *handle,
                                                  StNamespaceType type,
                                                  const char     *what,
                                                  GError        **error);
void            st_namespace_ref_take_made       (StNamespaceRef *self,
                                                  StHandle       *handle);
void            st_namespace_ref_take_handle     (StNamespaceRef *self,
                                                  StHandle       *handle);
StHandle       *st_namespace_ref_dup_handle      (StNamespaceRef *self,
                                                  GError        **error);
gboolean        st_namespace_ref_collect_for_pid (int             pid,
                                                  StNamespaceType types,
                                                  GPtrArray      *refs,
                                                  GError        **error);
