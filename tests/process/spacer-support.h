/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define USER  ST_NAMESPACE_USER
#define PID   ST_NAMESPACE_PID
#define SIX   (ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_TIME | ST_NAMESPACE_UTS)

static const StNamespaceType spacer_six[] = { ST_NAMESPACE_CGROUP, ST_NAMESPACE_IPC, ST_NAMESPACE_MNT,
                                              ST_NAMESPACE_NET, ST_NAMESPACE_TIME, ST_NAMESPACE_UTS };

static inline gboolean
spacer_can_have_users (void)
{
  g_autoptr (GError) error = NULL;
  if (st_probe (USER | PID, NULL, &error))
    return TRUE;
  test_skip (error->message);
  return FALSE;
}

static inline StSpacer *
spacer_start (void)
{
  g_autoptr (GError) error = NULL;
  StSpacer *spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  return spacer;
}

static inline StSpacer *
spacer_below (StSpacer       *spacer,
              StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StSpacer *below = st_spacer_create_subspace (spacer, types, NULL, NULL, &error);
  g_assert_no_error (error);
  return below;
}

static inline StNamespaceRef *
spacer_home (StSpacer       *spacer,
             StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  StSpace *space = st_spacer_get_space (spacer, &error);
  g_assert_no_error (error);
  StNamespaceRef *ref = st_space_get_ref (space, type, &error);
  g_assert_no_error (error);
  return ref;
}

static inline int
spacer_pid (StSpacer *spacer)
{
  g_autoptr (GError) error = NULL;
  int pid = st_spacer_get_pid (spacer, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pid, >, 0);
  return pid;
}

static inline int
spacer_watch (StSpacer *spacer)
{
  int pidfd = (int) syscall (SYS_pidfd_open, spacer_pid (spacer), 0);
  g_assert_cmpint (pidfd, >=, 0);
  return pidfd;
}

/* Takes @pidfd: waits until the process has ended. */
static inline void
spacer_wait_for_end (int pidfd)
{
  struct pollfd ended = { .fd = pidfd, .events = POLLIN };
  g_assert_cmpint (poll (&ended, 1, 10000), ==, 1);
  close (pidfd);
}

static inline void
spacer_kill (StSpacer *spacer,
             int       number)
{
  g_assert_no_errno (kill (spacer_pid (spacer), number));
}

/* One result, when it is there. */
typedef struct
{
  GAsyncResult *result;
} SpacerWait;

static inline void
spacer_take_result (GObject      *source,
                    GAsyncResult *result,
                    gpointer      data)
{
  ((SpacerWait *) data)->result = g_object_ref (result);
}

static inline GAsyncResult *
spacer_wait (SpacerWait *wait)
{
  while (!wait->result)
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (&wait->result);
}
