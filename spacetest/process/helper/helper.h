/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* What the helper program can be. Both get the arguments after their name, and give the exit status. */

int serve_main (int    argc,
                char **argv);
int join_main  (int    argc,
                char **argv);
int helper_refuse (void);
