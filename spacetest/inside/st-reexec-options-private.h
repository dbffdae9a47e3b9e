/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-reexec-options.h"

struct _StReexecOptions
{
  GObject parent_instance;

  StLauncher *launcher;      /* or NULL */
  guint timeout;             /* milliseconds, or 0 */
  guint start_timeout;
  char **command;            /* or NULL: this program */
  GVariantType *result_type; /* or NULL: any */
};

StReexecOptions *st_reexec_options_copy (const StReexecOptions *other); /* NULL: as they are at first */
