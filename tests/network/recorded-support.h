/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "link-support.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/syscall.h>

/* A kernel that has what this one lacks, or refuses what this one does: the test program's own sendmsg() and recvmsg() come before those of
 * the C library, so libnl calls them. What the test does not answer goes to the real kernel. */

/* Adds an answer to one request, or leaves it to the kernel. */
typedef gboolean (*Answer) (struct nlmsghdr *request,
                            GByteArray      *answer);

static struct
{
  Answer answer;
  int fd;
  GByteArray *pending;  /* of that descriptor, or NULL */
} recorded;

__attribute__ ((visibility ("default"))) ssize_t
sendmsg (int                  fd,
         const struct msghdr *message,
         int                  flags)
{
  const struct sockaddr_nl *to = message->msg_name;
  const gboolean is_request = to && to->nl_family == AF_NETLINK && message->msg_iovlen == 1;
  if (!recorded.answer || !is_request)
    return syscall (SYS_sendmsg, fd, message, flags);
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  if (!recorded.answer (message->msg_iov->iov_base, answer))
    return syscall (SYS_sendmsg, fd, message, flags);
  g_assert_null (recorded.pending);
  recorded.pending = g_steal_pointer (&answer);
  recorded.fd = fd;
  return (ssize_t) message->msg_iov->iov_len;
}

__attribute__ ((visibility ("default"))) ssize_t
recvmsg (int            fd,
         struct msghdr *message,
         int            flags)
{
  if (!recorded.pending || fd != recorded.fd)
    return syscall (SYS_recvmsg, fd, message, flags);
  const gsize size = recorded.pending->len, room = message->msg_iov->iov_len;
  memcpy (message->msg_iov->iov_base, recorded.pending->data, MIN (size, room));
  *(struct sockaddr_nl *) message->msg_name = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
  message->msg_namelen = sizeof (struct sockaddr_nl);
  message->msg_controllen = 0;
  message->msg_flags = size > room ? MSG_TRUNC : 0;
  if (!(flags & MSG_PEEK))
    g_clear_pointer (&recorded.pending, g_byte_array_unref);
  return (ssize_t) (flags & MSG_TRUNC ? size : MIN (size, room));
}

/* Takes @message, which answers @request. */
static inline void
add_message (GByteArray            *answer,
             const struct nlmsghdr *request,
             struct nl_msg         *message)
{
  nlmsg_hdr (message)->nlmsg_seq = request->nlmsg_seq;
  g_byte_array_append (answer, (const guint8 *) nlmsg_hdr (message), NLMSG_ALIGN (nlmsg_hdr (message)->nlmsg_len));
  nlmsg_free (message);
}

/* What ends each answer: 0 or -errno, and words or NULL. */
static inline void
add_result (GByteArray            *answer,
            const struct nlmsghdr *request,
            int                    result,
            const char            *words)
{
  struct nl_msg *message = nlmsg_alloc_simple (NLMSG_ERROR, NLM_F_CAPPED | (words ? NLM_F_ACK_TLVS : 0));
  const struct nlmsgerr body = { result, *request };
  nlmsg_append (message, (void *) &body, sizeof body, NLMSG_ALIGNTO);
  if (words)
    nla_put_string (message, NLMSGERR_ATTR_MSG, words);
  add_message (answer, request, message);
}

static inline void
add_done (GByteArray            *answer,
          const struct nlmsghdr *request)
{
  struct nl_msg *message = nlmsg_alloc_simple (NLMSG_DONE, NLM_F_MULTI);
  nlmsg_append (message, &(int){ 0 }, sizeof (int), NLMSG_ALIGNTO);
  add_message (answer, request, message);
}

static inline void
start_recorded (Answer answer)
{
  recorded.answer = answer;
}

static inline void
end_recorded (void)
{
  recorded.answer = NULL;
  g_assert_null (recorded.pending);
}
