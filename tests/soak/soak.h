/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <gio/gio.h>
#include <spacetest/spacetest.h>

/* What a process has, and must have again. */
typedef struct
{
  gint64 n_fds;
  gint64 n_threads;
  gint64 n_children;
  gint64 heap;    /* bytes in use, by all arenas of malloc */
  gint64 rss;     /* bytes */
  char *mounts;
} State;

void     state_read    (State *self);
void     state_clear   (State *self);
gboolean state_compare (const State *before,
                        const State *after); /* prints both; TRUE if nothing is left */
void     state_wait    (const State *before, /* for threads and processes that are about to end */
                        State       *after);

/* What the threads have in common. */
typedef struct
{
  StNetnsPool *pool;
  StSpacer *spacer;
  GMutex lock;
  StNamespaceRef *left_luggage; /* guarded by lock: made by one thread, dropped by another */
} Common;

/* One of them. */
typedef struct
{
  Common *common;
  GRand *random;
  gint64 deadline; /* microseconds; or how many operations are left, if it is small */
  guint64 *counts; /* of each operation */
} Worker;

/* What failed fails the test, wherever it was. */
void            check         (const GError *error);
StNamespaceType choose_kinds  (Worker *self); /* of those that a thread can visit: one at least */
StSpace        *make_space    (StNamespaceType types);

/* Operations with other processes. */
void            use_spacer    (Worker *self);
void            share_spacer  (Worker *self);
void            run_program   (Worker *self);
void            leave_program (Worker *self);
void            connect_two   (Worker *self);

extern const guint soak_n_operations;

const char *soak_get_name (guint operation);
void        soak_work     (Worker *self);
