/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* A helper that serves as the environment variable SPACETEST_FAKE says: badly. It ends with its connection. */
#include "st-kind.h"
#include "st-wire.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
open_namespace (const char *name)
{
  char path[64];
  snprintf (path, sizeof path, "/proc/self/ns/%s", name);
  return open (path, O_RDONLY | O_CLOEXEC);
}

static int
open_nothing (void)
{
  return open ("/dev/null", O_RDWR | O_CLOEXEC);
}

static uint32_t
get_wanted (const StWireMessage *request)
{
  return request->record.header.type == ST_WIRE_SUBSPACE ? request->record.subspace.kinds : request->record.space.kinds;
}

/* What a good helper answers, but that nothing is new. */
static void
fill (StWireMessage       *answer,
      const StWireMessage *request)
{
  st_wire_begin (answer, ST_WIRE_DONE, request->record.header.serial);
  answer->record.done.kinds = get_wanted (request);
  if (request->record.header.type == ST_WIRE_SUBSPACE)
    st_wire_add_fd (answer, (int) syscall (SYS_pidfd_open, getpid (), 0));
  ST_FOREACH_KIND (kind)
    if (answer->record.done.kinds & kind->flag)
      st_wire_add_fd (answer, open_namespace (kind->name));
}

static void
answer_well (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_twice (const StWireMessage *request)
{
  answer_well (request);
  answer_well (request);
}

static void
answer_nothing (const StWireMessage *request)
{
}

static void
answer_version (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  answer.record.header.version++;
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_serial (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  answer.record.header.serial++;
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_request (const StWireMessage *request)
{
  StWireMessage answer;
  st_wire_begin (&answer, ST_WIRE_SPACE, request->record.header.serial);
  st_wire_add_fd (&answer, open_nothing ());
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_garbage (const StWireMessage *request)
{
  static const char garbage[] = "I am not what you think I am, and I never was. Nor shall I be.";
  send (request->fds[0], garbage, sizeof garbage, 0);
}

static void
answer_empty (const StWireMessage *request)
{
  send (request->fds[0], "", 0, 0);
}

static void
answer_short (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  send (request->fds[0], &answer.record, sizeof answer.record.done - 1, 0);
  st_wire_close_fds (&answer);
}

static void
answer_long (const StWireMessage *request)
{
  static union
  {
    StWireMessage answer;
    char room[sizeof (StWireMessage) + 64];
  } large;
  fill (&large.answer, request);
  send (request->fds[0], &large, sizeof large, 0);
  st_wire_close_fds (&large.answer);
}

static void
answer_few (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  close (answer.fds[--answer.n_fds]);
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_more (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  st_wire_add_fd (&answer, open_nothing ());
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_lots (const StWireMessage *request)
{
  enum { N = 3 * ST_WIRE_MAX_FDS };
  static union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int) * N)];
  } rights;
  StWireMessage answer;
  fill (&answer, request);
  struct iovec data = { &answer.record, answer.record.header.size };
  struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
  rights.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN (sizeof (int) * N) };
  for (size_t i = 0; i < N; i++)
    memcpy (CMSG_DATA (&rights.header) + i * sizeof (int), &answer.fds[0], sizeof (int));
  sendmsg (request->fds[0], &header, 0);
  st_wire_close_fds (&answer);
}

static void
answer_files (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  for (size_t i = request->record.header.type == ST_WIRE_SUBSPACE; i < answer.n_fds; i++)
    dup2 (request->fds[0], answer.fds[i]);
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

/* Namespaces, but the last is a cgroup namespace, which is never last. */
static void
answer_swapped (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  close (answer.fds[answer.n_fds - 1]);
  answer.fds[answer.n_fds - 1] = open_namespace ("cgroup");
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_no_process (const StWireMessage *request)
{
  StWireMessage answer;
  fill (&answer, request);
  close (answer.fds[0]);
  answer.fds[0] = open_nothing ();
  st_wire_send (request->fds[0], &answer);
  st_wire_close_fds (&answer);
}

static void
answer_no_kinds (const StWireMessage *request)
{
  StWireMessage answer;
  st_wire_begin (&answer, ST_WIRE_DONE, request->record.header.serial);
  st_wire_send (request->fds[0], &answer);
}

static void
fail (const StWireMessage *request,
      uint32_t             step,
      uint32_t             kinds,
      int                  number)
{
  StWireMessage answer;
  st_wire_begin (&answer, ST_WIRE_FAILED, request->record.header.serial);
  answer.record.failed.step = step;
  answer.record.failed.kinds = kinds;
  answer.record.failed.error = number;
  st_wire_send (request->fds[0], &answer);
}

static void
fail_oddly (const StWireMessage *request)
{
  fail (request, 0xffffffff, 0xffffffff, -1);
}

static void
fail_without_reason (const StWireMessage *request)
{
  fail (request, ST_WIRE_STEP_CREATE, 0, 0);
}

static void
die (const StWireMessage *request)
{
  _exit (EXIT_FAILURE);
}

/* Answers a request when the next one is there. */
static void
answer_late (const StWireMessage *request)
{
  static StWireMessage kept;
  if (kept.n_fds > 0)
    {
      answer_well (&kept);
      answer_well (request);
      st_wire_close_fds (&kept);
      return;
    }
  kept = *request;
  kept.fds[0] = fcntl (request->fds[0], F_DUPFD_CLOEXEC, 3);
  kept.n_fds = 1;
}

typedef struct
{
  const char *name;
  void (*answer) (const StWireMessage *request);
} Way;

static const Way ways[] = {
  { "well", answer_well },
  { "twice", answer_twice },
  { "nothing", answer_nothing },
  { "version", answer_version },
  { "serial", answer_serial },
  { "request", answer_request },
  { "garbage", answer_garbage },
  { "empty", answer_empty },
  { "short", answer_short },
  { "long", answer_long },
  { "few", answer_few },
  { "more", answer_more },
  { "lots", answer_lots },
  { "files", answer_files },
  { "swapped", answer_swapped },
  { "no-process", answer_no_process },
  { "no-kinds", answer_no_kinds },
  { "odd-failure", fail_oddly },
  { "no-reason", fail_without_reason },
  { "death", die },
  { "late", answer_late },
};

static const Way *
find_way (const char *name)
{
  for (size_t i = 0; name && i < sizeof ways / sizeof ways[0]; i++)
    if (strcmp (ways[i].name, name) == 0)
      return &ways[i];
  return NULL;
}

/* Keeps what it got until it ends, as one does who never answers. */
static void
serve (int        connection,
       const Way *way,
       int        keeps)
{
  StWireMessage request;
  while (st_wire_receive (connection, &request) > 0)
    {
      way->answer (&request);
      if (!keeps)
        st_wire_close_fds (&request);
    }
}

/* Without reading anything. */
static void
wait_for_end (int connection)
{
  struct pollfd ended = { .fd = connection, .events = POLLRDHUP };
  poll (&ended, 1, -1);
}

int
main (int    argc,
      char **argv)
{
  const char *name = getenv ("SPACETEST_FAKE");
  const Way *way = find_way (name);
  if (argc != 3 || !name || strcmp (argv[1], "serve") != 0)
    return EXIT_FAILURE;
  if (strcmp (name, "mute") == 0)
    serve (atoi (argv[2]), find_way ("nothing"), 1);
  else if (strcmp (name, "deaf") == 0)
    wait_for_end (atoi (argv[2]));
  else if (way)
    serve (atoi (argv[2]), way, 0);
  return EXIT_SUCCESS;
}
