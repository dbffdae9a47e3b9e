/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-coverage.h"

#ifdef ST_COVERAGE
void __gcov_dump (void);
void __gcov_reset (void);
#endif

void
st_coverage_save (void)
{
#ifdef ST_COVERAGE
  __gcov_dump ();
  __gcov_reset (); /* and may be dumped again */
#endif
}
