/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, and our own main() for compilers without it. Aborts where something is wrong. */
int LLVMFuzzerTestOneInput (const uint8_t *data,
                            size_t         size);
