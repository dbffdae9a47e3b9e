/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#define CURE_SIZE 256

/* What helps where the kernel refused a namespace. */
void cure_for_namespace (const StKind *kind,
                         int           result,
                         char          cure[CURE_SIZE]);

/* What helps where it did not let us in: " (...)", or nothing. @fd is the namespace. */
void cure_for_joining   (const StKind *kind,
                         int           fd,
                         int           result,
                         char          cure[CURE_SIZE]);
