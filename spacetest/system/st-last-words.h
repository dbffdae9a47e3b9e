/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>

/* What a process still does before it dies of a failure. Plain C without GLib. All of it is safe in a signal handler. */

/* Calls @speak on the thread that fails, before the process ends by what was to happen anyway. */
void st_last_words_install  (void (*speak) (void));

void st_last_words_say      (const char *first,
                             ...) __attribute__ ((sentinel)); /* in one piece, to standard error */
void st_last_words_stop     (void);                               /* until somebody continues the process */
bool st_last_words_have_terminal (void);                          /* for a shell */
int  st_last_words_be_shell (const char *shell);                  /* on the terminal, until it ends; or -errno */
