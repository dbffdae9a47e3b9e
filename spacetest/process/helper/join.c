/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper.h"

int
join_main (int    argc,
           char **argv)
{
  return argc > 0 && argv[0] ? 1 : 2;
}
