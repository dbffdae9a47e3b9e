/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "fuzz.h"

#include "rows.h"
#include "st-error-private.h"
#include "st-spacer-private.h"
#include "st-wire.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The library's end of the wire. An input is a row of answers; what says which descriptors come along also says what was asked
 * for. */

#define SIX        0x4e020080u /* as a helper makes them */

/* Of the byte that says which. */
#define FITTING    0x80 /* a process, if a subspace was asked for, and namespaces in their order */
#define SUBSPACE   0x40
#define ONE        0x20
#define SERIAL     0x10 /* not the right one */

static int namespaces[ST_N_KINDS];
static int others[4];
static int server; /* where the requests come out */
static StChannel *channel;
static guint n_spacers, n_spaces, n_refs;

/* Seeds that nothing can be made of are seeds of an older protocol. */
static void
check_seeds (void)
{
  g_assert_true (n_spacers > 0 && n_spaces > 0 && n_refs > 0);
}

static void
prepare (void)
{
  int sockets[2], pair[2];
  if (channel)
    return;
  atexit (check_seeds);
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  g_assert_cmpint (st_wire_pair (pair), ==, 0);
  StHelper helper = { NULL, sockets[0], (int) syscall (SYS_pidfd_open, getpid (), 0) };
  server = sockets[1];
  ST_FOREACH_KIND (kind)
    namespaces[kind->index] = st_system_open_current (kind);
  others[0] = dup (helper.pidfd);
  others[1] = open ("/dev/null", O_RDWR | O_CLOEXEC);
  others[2] = pair[0];
  others[3] = namespaces[ST_KIND_NET];
  channel = st_channel_new_take (&helper);
  g_main_context_default ();
}

static size_t
fit (int     *fds,
     guint    kinds,
     gboolean process)
{
  size_t n = 0;
  if (process)
    fds[n++] = others[0];
  ST_FOREACH_KIND (kind)
    if (kinds & kind->flag)
      fds[n++] = namespaces[kind->index];
  return n;
}

static size_t
mix (int   *fds,
     size_t n_fds,
     guint  which)
{
  for (size_t i = 0; i < n_fds; i++)
    {
      const size_t j = (which + i * (1 + (which >> 2))) % (ST_N_KINDS + G_N_ELEMENTS (others));
      fds[i] = j < ST_N_KINDS ? namespaces[j] : others[j - ST_N_KINDS];
    }
  return n_fds;
}

/* What the helper would do, if it did what it should. */
static void
answer (const uint8_t *record,
        size_t         size,
        size_t         n_fds,
        guint          which)
{
  static union
  {
    StWireHeader header;
    StWireDone done;
    char room[MAX_RECORD];
  } copy;
  StWireMessage request;
  int fds[MAX_FDS];
  memcpy (&copy, record, size);
  g_assert_cmpint (st_wire_receive (server, &request), ==, 1);
  if (!(which & SERIAL) && size >= sizeof copy.header)
    copy.header.serial = request.record.header.serial;
  if (which & FITTING)
    n_fds = fit (fds, size >= sizeof copy.done ? copy.done.kinds : 0, (which & SUBSPACE) != 0);
  else
    n_fds = mix (fds, n_fds, which);
  rows_send (request.fds[0], &copy, size, fds, n_fds);
  st_wire_close_fds (&request);
}

static void
take_result (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
check_result (GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) made = g_task_propagate_pointer (G_TASK (result), &error);
  g_assert_true ((made == NULL) == (error != NULL));
  g_assert_true (!error || ((error->domain == ST_ERROR || error->domain == G_IO_ERROR) && g_utf8_validate (error->message, -1, NULL)));
  n_spacers += ST_IS_SPACER (made);
  n_refs += ST_IS_NAMESPACE_REF (made);
  n_spaces += ST_IS_SPACE (made) && !ST_IS_NAMESPACE_REF (made);
  if (ST_IS_SPACER (made))
    g_assert_true (st_spacer_get_space (ST_SPACER (made), &error) != NULL || error != NULL);
  else if (made)
    g_assert_cmpuint (st_space_get_types (ST_SPACE (made)), !=, ST_NAMESPACE_NONE);
}

static void
take_record (const uint8_t *record,
             size_t         size,
             size_t         n_fds,
             unsigned int   which)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new_take (g_object_ref (channel), NULL, &error);
  g_assert_no_error (error);
  if (which & SUBSPACE)
    st_spacer_create_subspace_async (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, take_result, &result);
  else if (which & ONE)
    st_spacer_create_transient_async (spacer, ST_NAMESPACE_NET, NULL, take_result, &result);
  else
    st_spacer_create_space_async (spacer, (StNamespaceType) SIX, NULL, take_result, &result);
  answer (record, size, n_fds, which);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  check_result (result);
}

static int
get_next_fd (void)
{
  int fd = fcntl (others[1], F_DUPFD_CLOEXEC, 0);
  close (fd);
  return fd;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  prepare ();
  const int next_fd = get_next_fd ();
  rows_take (data, size, take_record);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (get_next_fd (), ==, next_fd);
  return 0;
}
