/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-wire.h"

#include <glib.h>

/* The helper program, spoken to in its own language. */

typedef struct
{
  GPid pid;
  int connection;
} Helper;

/* Standard input and output, connection, parent (whoever started it, or its own lifeline), lifeline of those below, signals,
 * guard. A watchman is one more. */
#define HELPER_FDS 9
#define SUBSPACE_FDS 9
#define WATCHMAN_FDS 1

void helper_start       (Helper *self,
                         int     output); /* its stdout, or -1 for ours */
void helper_reap        (Helper *self);   /* waits until it has ended, in good order */
void helper_stop        (Helper *self);   /* closes the connection, then the same */
void helper_kill        (Helper *self);
void helper_assert_alive (Helper *self);

/* A request on its way: the first descriptor is there from the start. */
typedef struct
{
  StWireMessage message;
  int answer; /* our end of the socket that the answer comes from */
} Request;

void     request_begin   (Request   *self,
                          StWireType type);
void     request_send    (Request *self,
                          int      connection);
gboolean request_finish  (Request       *self,
                          StWireMessage *answer); /* FALSE if there is none */
gboolean request_do      (Request       *self,
                          int            connection,
                          StWireMessage *answer);

void     answer_assert_done   (StWireMessage *answer,
                               guint          kinds,
                               gsize          n_fds);
void     answer_assert_failed (StWireMessage *answer,
                               guint          step,
                               guint          kinds,
                               int            error);

/* A helper that another one made. */
typedef struct
{
  int connection;
  int pidfd;
  GPid pid;               /* as we see it */
  int fds[ST_N_KINDS];    /* its namespaces, -1 for those that are ours */
} Subspace;

#define SUBSPACE_ALL (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME)

/* A request for one, to be filled in. */
void     subspace_begin  (Subspace *self,
                          Request  *request,
                          guint     kinds);
void     subspace_send   (Request *request,
                          int      connection);
gboolean subspace_finish (Subspace      *self,
                          Request       *request,
                          StWireMessage *answer); /* FALSE if it failed: then @answer says how, and nothing is open */
void     subspace_make   (Subspace *self,
                          int       connection,
                          guint     kinds);
void     subspace_close  (Subspace *self);

int      space_make      (int   connection,
                          guint kinds,
                          int  *fds);      /* returns the error */
void     fds_close       (int  *fds,
                          gsize n);
void     wait_until_gone (int pidfd);      /* ended, for two seconds */
void     wait_for_end_of_file (int fd);    /* the same */
/* It closes what it is done with only after it has answered. */
void     wait_for_fds    (GPid  pid,
                          gsize expected);
char    *read_proc       (GPid        pid,
                          const char *name);

/* A process to be guarded. To be started before the helper: a forked process has the connection open that it is forked from. */
typedef struct
{
  GPid pid;
  int pidfd;
} Idle;

void     idle_start         (Idle *self);
gboolean idle_is_alive      (Idle *self);
void     idle_assert_killed (Idle *self);      /* by SIGKILL, soon; reaps it */

/* Gives the error; EPIPE if there is no answer. @second may be -1. */
int      helper_guard       (int connection,
                             int first,
                             int second);

/* A helper that may make namespaces: where we may not, one in a user namespace. */
typedef struct
{
  Helper helper;
  Subspace subspace;
  gboolean is_in_subspace;
  int connection;
  GPid pid;
  gsize n_fds;
} Maker;

void maker_start (Maker *self);
void maker_stop  (Maker *self);
