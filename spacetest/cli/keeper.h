/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* Stands outside a new pid namespace for the command that runs inside: passes signals on to it, stops when it stops and ends
 * as it ends. Gives the exit status, or dies of the command's signal. */
int keeper_run (char **argv);
