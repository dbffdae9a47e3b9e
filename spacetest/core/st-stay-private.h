/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-space.h"
#include "st-thread-private.h"

/* A thread's stay elsewhere, and its way home. Lives on the stack of st_space_call(), or in an StVisit. */
struct _StStay
{
  StThread *thread;      /* NULL once it is over */
  gboolean lost;         /* it is over, but the thread was not brought home */
  StStay *outer;
  GObject *owner;        /* kept while the stay lasts */
  guint switched;        /* the kinds that are not home's now */
  int home[ST_N_KINDS];  /* descriptors, -1 for what is not switched */
  gboolean for_good;     /* does not end */
  StPlace place;         /* root and working directory at home, if the mount namespace is switched */
};

/* Called on the thread that begins a stay, once it counts. For the test helpers. */
void     st_stay_set_hook  (void (*hook) (StStay *stay));
/* Whether the test helpers see to visits that nobody leaves. */
gboolean st_stay_is_watched (void);
/* Called on a thread that ends, other than a worker's, where it has not left visits. The same. */
void     st_stay_set_end_hook (void (*hook) (void));

gboolean st_stay_begin     (StStay         *self,
                            StNamespaceType types,
                            GError        **error);
gboolean st_stay_enter     (StStay            *self,
                            const StHandleSet *targets,
                            GError           **error);
gboolean st_stay_settle    (const StHandleSet *targets,
                            GError           **error);
gboolean st_stay_unshare   (StStay       *self,
                            const StKind *kind,
                            GError      **error);
gboolean st_stay_end       (StStay  *self,
                            GError **error);
void     st_stay_end_failed (StStay  *self,
                             GError **failure);
void     st_stay_end_inner (StThread *thread,
                            StStay   *outer,
                            GError  **failure);
void     st_stay_abandon   (StStay *self);
void     st_stay_note_abandoned (StThread *thread,
                                 StStay   *outer);
void     st_stay_forget_abandoned (void);
guint    st_stay_count_lasting (void);
guint    st_stay_count_visits (void);

/* What can't be begun: @result is of going home from home. @step says what for. */
void     st_stay_set_no_way_home (GError      **error,
                                  int           result,
                                  const StKind *kind,
                                  const char   *step);

gboolean st_func_run       (StFunc   func,
                            gpointer user_data,
                            GError **error);
gboolean st_stay_call      (const StHandleSet *targets,
                            StFunc             func,
                            gpointer           user_data,
                            GError           **error);
