/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"

typedef struct _StStay StStay;
typedef struct _StThread StThread;

/* What a thread knows of itself: the stays it is in, innermost first, and whether it can still come home. */
struct _StThread
{
  pid_t tid;
  GMutex lock;        /* guards innermost against who looks for strays */
  StStay *innermost;
  guint returned;     /* the kinds that it has come home from, or could have */
  gboolean is_worker;
  char *no_return;    /* why it cannot come home, or NULL */
};

StThread *st_thread_self         (void);
GThread  *st_thread_start        (const char *name,
                                  GThreadFunc func,
                                  gpointer    data,
                                  GError    **error);
gboolean  st_thread_check        (StThread *self,
                                  GError  **error);
void      st_thread_lose         (StThread     *self,
                                  const GError *error);
gboolean  st_thread_is_served    (void);
int       st_thread_open_home    (const StKind *kind);
StHandle *st_thread_get_home     (const StKind *kind,
                                  GError      **error);
int       st_thread_is_home      (const StKind *kind);
void      st_thread_foreach      (void   (*callback) (StThread *thread,
                                                      gpointer  data),
                                  gpointer data);
