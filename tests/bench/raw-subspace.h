/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "zygote.h"

#include <glib.h>

#define RAW_ZYGOTE_MAX_FDS 6

/* The raw zygote, as its client sees it. */
typedef struct
{
  int connection;
  int pidfd;
  GPid pid; /* 0 for one that another made */
  int made[RAW_ZYGOTE_MAX_FDS];
  int n_made;
} RawZygote;

void raw_zygote_start    (RawZygote *self);
void raw_zygote_ask      (RawZygote *self,
                          RawZygote *below); /* ... for a subspace, without waiting */
void raw_zygote_answered (RawZygote *below);
void raw_zygote_below    (RawZygote *self,
                          RawZygote *below); /* the two of them */
void raw_zygote_stop     (RawZygote *self);  /* until it is gone */

/* Namespaces of the kinds of @request. */
void raw_zygote_make     (RawZygote    *self,
                          ZygoteRequest request);
void raw_zygote_drop     (RawZygote *self);  /* what was made */

/* Runs a program until it has ended well. */
void raw_run             (const char *const *argv);
