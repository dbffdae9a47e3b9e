/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* The little of JSON (RFC 8259) that the command writes. */

char *json_string (const char *text);
#include <stdio.h>
/* A string for JSON, quoted, of any bytes: what is no UTF-8 becomes U+FFFD. */
void json_put_string (FILE       *out,
                      const char *text);
/* A member of an object, with the comma and the space before it. */
void json_put_member (FILE       *out,
                      const char *name,
                      const char *value); /* or NULL */
