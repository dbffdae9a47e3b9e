/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdio.h>

/* The little of JSON (RFC 8259) that the command writes. NULL is null; what is not UTF-8 is replaced. */

void json_put_string (FILE       *out,
                      const char *text);
void json_put_member (FILE       *out,
                      const char *name,
                      const char *value);
