/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>

/* A table of operations and of the raw system calls they are measured against. Its rows are run in turn, A B C A B C ..., so
 * that whatever else the machine does meets them all alike; the figures are medians over the rounds, and only their ratios count. */

#define BENCH_NOISE 1.15 /* on top of a bar: what a shared machine adds to a ratio of medians */

typedef struct
{
  const char *name;
  void (*run) (gpointer data);  /* the operation, run @batch times in a row and timed as a whole */
  gpointer data;
  int batch;
  const char *control;          /* the row to be compared with, or NULL for a control */
  double bar;                   /* how many times the control it may take */
  void (*after) (gpointer data); /* untimed, after each batch, or NULL */
} BenchRow;

typedef struct
{
  int rounds;
  gboolean strict;
  guint n_over;      /* rows above their bar by more than noise */
  guint n_growing;   /* operations that left something behind */
} Bench;

void bench_table  (Bench          *self,
                   const char     *title,
                   const BenchRow *rows,
                   gsize           n_rows);
void bench_growth (Bench      *self,
                   const char *name,
                   void      (*run) (gpointer data),
                   gpointer    data,
                   int         n_times);

/* The parts of a table, for rows that can't be run in turn. */
double bench_sample (const BenchRow *row); /* nanoseconds an operation */
double bench_take_median (double *samples,
                          int     n_samples);
void   bench_title  (const char *title);
void   bench_print  (Bench      *self,
                     const char *name,
                     double      control,
                     double      ours,
                     double      bar);

/* Keeps the thread, and those it starts from now on, on the CPU it is on, ahead of other programs: a hand-off between CPUs, or
 * past somebody else, is a matter of luck. */
void bench_pin    (void);
void bench_unpin  (void); /* takes all CPUs that we may have */

/* The thread, and the processes it starts from now on, run before all other programs: for what takes many hand-offs, each of
 * which somebody else could get in between. */
void bench_hurry  (void);
void bench_relax  (void);

/* The tables. */
void bench_visits     (Bench *bench);
void bench_threads    (Bench *bench);
void bench_transients (Bench *bench);
void bench_pool       (Bench *bench);
void bench_processes  (Bench *bench); /* the next two, in a small caller and in a big one */
void bench_spacers    (Bench *bench);
void bench_spawn      (Bench *bench);
void bench_queries    (Bench *bench);
void bench_scale      (Bench *bench);
void bench_leftovers  (Bench *bench);
