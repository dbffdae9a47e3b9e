/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>

/* The same work in bare system calls, without a look-up that could be held, a check, an error or an object. */

#define RAW_MAX_MADE 16

/* A kind of namespace, as seen by the thread that measures. */
typedef struct
{
  int flag;
  const char *entry;       /* in /proc/PID/ns */
  unsigned long pidfd_get; /* the ioctl that opens the same */
  int pidfd;               /* of that thread, or -1 before Linux 6.9 */
  int home;
  int away;
  int made[RAW_MAX_MADE];
  int n_made;
} RawKind;

gboolean raw_may_measure  (void);
void     raw_own_fs       (void); /* what a thread must do once, before it can be in another mount namespace */
int      raw_open_process (void); /* a pidfd */

/* Fills in @home, and @away with a new namespace. For the thread that calls, and to be cleared there. */
void     raw_kind_init    (RawKind       *self,
                           int            flag,
                           const char    *entry,
                           unsigned long  pidfd_get);
void     raw_kind_clear   (RawKind       *self);

/* Operations; @data is a RawKind. */
void     raw_visit        (gpointer data);
void     raw_make         (gpointer data);
void     raw_make_lo_up   (gpointer data); /* net */
void     raw_make_private (gpointer data); /* mnt */
void     raw_drop         (gpointer data); /* what was made */
void     raw_query_kind   (gpointer data);
void     raw_query_id     (gpointer data);

/* A thread that waits for work. */
typedef struct _RawWorker RawWorker;

typedef struct
{
  void (*begin) (gpointer data); /* once */
  void (*work) (gpointer data);  /* at each run */
  void (*end) (gpointer data);   /* once */
} RawDuty;

RawWorker *raw_worker_new  (RawDuty     duty,
                            gpointer    data);
void       raw_worker_run  (gpointer    worker);
void       raw_worker_stop (RawWorker  *self);
