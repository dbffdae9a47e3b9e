/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* The little of JSON (RFC 8259) that the command writes. */

char *json_string (const char *text);
