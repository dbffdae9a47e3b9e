/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* In a coverage build, what was counted so far is written: by a process that is about to become another, or to be killed by a signal that
 * it sends itself. Who ends by _exit() or abort() does so anyway. What it has inherited from who forked it is counted twice then, which makes no
 * line covered that is not. Plain C without GLib. */
void st_coverage_save (void);
