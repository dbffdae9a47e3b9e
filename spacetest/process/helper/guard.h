/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stddef.h>

/* Processes that must not outlive the helper, by their pidfds. */

typedef struct
{
  int pidfd;
  int dependent; /* pidfd of another one here that must not outlive this one, or -1 */
} Guarded;

typedef struct
{
  int epoll; /* readable when one of them has ended */
  Guarded *list;
  size_t n;
  size_t room;
} Guard;

int  guard_begin (Guard *guard);
int  guard_share (Guard       *guard,
                  const Guard *other); /* for a process that has the same memory and descriptors from here on: the same ones */
int  guard_add   (Guard     *guard,
                  const int *pidfds,
                  size_t     n);       /* takes them: one, or two of which the second depends on the first */
void guard_drop  (Guard *guard,
                  size_t n);           /* kills the last ones */
void guard_check (Guard *guard);
void guard_kill  (Guard *guard);       /* all of them, with their descendants */
