/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-launcher-private.h"
#include "st-reexec.h"

#include "st-parcel.h"

/* The parts of running an action need these of each other. */

#define ST_REEXEC_MARK "SPACETEST_ACTION" /* NUMBER:IDENTITY of the socket to the caller */
#define ST_REEXEC_TEST ":test"             /* comes after it */

/* Values in parcels. */
int       st_reexec_send    (int          socket,
                             StParcelKind kind,
                             GVariant    *value);
GVariant *st_reexec_read    (StParcel           *parcel,
                             const GVariantType *type,
                             GError            **error);
gboolean  st_reexec_check_value (GVariant *value,
                                 GError  **error);
GVariant *st_reexec_pack    (GVariant     *value,
                             const GError *error);
GVariant *st_reexec_unpack  (GVariant *answer,
                             GError  **error);

/* Who knows which actions. */
StActionFunc st_reexec_find (const char *name);
gboolean     st_reexec_check (const char *name, /* NULL: no action of the program's */
                              GError    **error);
const char  *st_reexec_get_program_name (void);

/* This process was started for one of its tests. */
gboolean     st_reexec_is_test (void);

/* One run. */
typedef struct
{
  StSpace *space;
  const char *name;
  GVariant *parameter;     /* or NULL */
  char **argv;
  gboolean is_own_program; /* whatever argv[0] is */
  gboolean is_test;        /* of the program's, and no action */
  const StSpawnPlan *plan;
  guint timeout;           /* milliseconds, or 0 */
  guint start_timeout;
} StReexecOrder;

typedef struct
{
  gboolean has_begun;
  gboolean was_ended;      /* by us, since it did not end after the answer */
  GVariant *answer;        /* or NULL */
  int status;
} StReexecOutcome;

gboolean st_reexec_carry_out     (const StReexecOrder *order,
                                  GCancellable        *cancellable,
                                  StReexecOutcome     *outcome,
                                  GError             **error);
char    *st_reexec_describe_end  (int status);
