/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int
open_terminal (void)
{
  return open ("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

bool
terminal_is_ours (void)
{
  int terminal = open_terminal ();
  if (terminal < 0)
    return false;
  bool is_ours = tcgetpgrp (terminal) == getpgrp ();
  close (terminal);
  return is_ours;
}

void
terminal_take_back (void)
{
  int terminal = open_terminal ();
  if (terminal < 0)
    return;
  pid_t holder = tcgetpgrp (terminal);
  if (holder > 0 && kill (-holder, 0) < 0 && errno == ESRCH)
    tcsetpgrp (terminal, getpgrp ());
  close (terminal);
}
