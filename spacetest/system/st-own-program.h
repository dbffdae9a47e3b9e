/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* The program that this process runs. Plain C without GLib. Results are >= 0, or -errno. */

int  st_own_program_open         (void); /* a descriptor to execute it by, wherever that is */
void st_own_program_restore_name (void); /* of one that was executed so */
