/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-channel-private.h"
#include "st-wire.h"

/* One request to a helper that serves, and its answer, which comes over a socket of its own. Any number can be under way, from
 * any threads: giving one up disturbs no other. */

/* Makes something of an ST_WIRE_DONE, or gives NULL with an error. What it does not take of the descriptors is closed. */
typedef gpointer (*StAnswerFunc) (StChannel     *channel,
                                  StWireMessage *answer,
                                  gpointer       data,
                                  GError       **error);

/* First the answer socket, which is not there yet, then what is added: descriptors are taken by running the request. */
void     st_request_begin    (StWireMessage *request,
                              StWireType     type);
gpointer st_request_run      (StChannel     *channel,
                              StWireMessage *request,
                              StAnswerFunc   func,
                              gpointer       data,
                              GCancellable  *cancellable,
                              GError       **error);
/* Returns an object on @task, which it takes, in the task's context. */
void     st_request_run_task (StChannel      *channel,
                              StWireMessage  *request,
                              StAnswerFunc    func,
                              gpointer        data,
                              GDestroyNotify  free_data,
                              GTask          *task);
