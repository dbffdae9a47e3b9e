/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "children.h"
#include "guard.h"
#include "st-wire.h"
#include "watchman.h"

#include <stdbool.h>
#include <stdnoreturn.h>

/* A helper as it serves its client. */
typedef struct
{
  int connection;
  int parent;           /* readable when the helper that made this one is gone; in the root helper, when the program that
                         * started it is, or -1 */
  int lifeline[2];      /* the same for those that this one makes: theirs, ours */
  int signals;
  uint32_t kinds;       /* CLONE_NEW*: what was made on the way here from the root helper */
  bool is_network_home; /* of the program that started the root helper, as far as it can be told */
  Guard guard;
  Watchman watchman;
  Children children;
} Service;

int           service_begin (Service *service,
                             int      connection,
                             int      parent);
void          service_take  (Service       *service,
                             StWireMessage *message,
                             int            result);
noreturn void service_run   (Service *service);
