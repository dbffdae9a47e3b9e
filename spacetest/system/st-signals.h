/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/* Signals of a process that stands in for another one: held back, read, passed on, and in the end died of. No handlers.
 * Plain C without GLib. Results are >= 0, or -errno. */

typedef struct
{
  sigset_t mask;          /* as the process was started */
  struct sigaction child;
} StSignals;

typedef struct signalfd_siginfo StSignal;

int  st_signals_hold             (StSignals *held);
void st_signals_restore          (const StSignals *held);
int  st_signals_open             (void);
bool st_signals_read             (int       fd,
                                  StSignal *signal);
bool st_signals_is_to_pass_on    (const StSignal *signal);
void st_signals_pass_on          (const StSignal *signal,
                                  pid_t           pid);
void st_signals_stop_by          (int number,
                                  int wake);
noreturn void st_signals_die_by  (int number);
