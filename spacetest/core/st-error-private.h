/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-error.h"

/* For messages with a path in them, which may be any bytes: a binding can't raise an error that is not UTF-8. */
void     st_error_set        (GError    **error,
                              StError     code,
                              const char *format,
                              ...) G_GNUC_PRINTF (3, 4);

/* @result is what st_system_*() and st_mount_*() return: a negated errno. @step says what could not be done. */
void     st_error_set_result (GError    **error,
                              int         result,
                              const char *step,
                              ...) G_GNUC_PRINTF (3, 4);
/* For a sysctl that the kernel refuses with EACCES: some can be read in each network and set in the first only. */
#define ST_ERROR_HINT_SYSCTL "the kernel allows it to nobody in this namespace, or not to this user"

/* The same with the caller's own hint, or none, where the usual one would mislead. */
void     st_error_set_hinted (GError    **error,
                              int         result,
                              const char *hint,
                              const char *step,
                              ...) G_GNUC_PRINTF (4, 5);
void     st_error_specify_step (GError    **error,
                                const char *step,
                                const char *format,
                                ...) G_GNUC_PRINTF (3, 4);
gboolean st_error_set_closed (GError    **error,
                              const char *what);

/* What an errno stands for, and its cure, or NULL. */
typedef struct
{
  int number;
  StError code;
  const char *hint;
} StErrorMeaning;

const StErrorMeaning *st_error_find_meaning (const StErrorMeaning *among,
                                             gsize                 n_meanings,
                                             int                   number);
