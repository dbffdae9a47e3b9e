/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Inputs that are rows of records: two bytes with the size of the record, one that says how many descriptors come along, one that
 * says which, and the record. Plain C. */

#define MAX_RECORD 5000
#define MAX_FDS    24

typedef void (*TakeRecord) (const uint8_t *record,
                            size_t         size,
                            size_t         n_fds,
                            unsigned int   which);

void rows_take    (const uint8_t *data,
                   size_t         size,
                   TakeRecord     take_record);
void rows_send    (int         socket,
                   const void *record,
                   size_t      size,
                   const int  *fds,
                   size_t      n_fds);
void rows_require (int         good,
                   const char *what); /* aborts otherwise */
int  rows_count_fds (int limit);                /* those that are open, with lower numbers */
