/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-space.h"

#include <netlink/msg.h>

/* A socket that talks to the kernel about one network, from wherever it is used: one request at a time, from any thread.
 * The messages are libnl's, which is private to this folder. */
typedef struct _StNetlink StNetlink;

/* Called for each message of an answer. */
typedef void (*StNetlinkFunc) (struct nlmsghdr *message,
                               gpointer         data);

/* NETLINK_ROUTE, or another protocol. */
StNetlink     *st_netlink_new       (StSpace *network,
                                     int      protocol,
                                     GError **error);
void           st_netlink_free      (StNetlink *self);

struct nl_msg *st_netlink_message   (int         type,
                                     int         flags,
                                     const void *header,
                                     gsize       size);
void           st_netlink_put       (struct nl_msg *message,
                                     int            type,
                                     const void    *value,
                                     gsize          size);
void           st_netlink_put_u32   (struct nl_msg *message,
                                     int            type,
                                     guint32        value);
void           st_netlink_put_text  (struct nl_msg *message,
                                     int            type,
                                     const char    *text);
struct nlattr *st_netlink_open      (struct nl_msg *message,
                                     int            type);

/* Takes @request. Returns 0 or -errno, and what the kernel has to say besides. */
int            st_netlink_ask       (StNetlink     *self,
                                     struct nl_msg *request,
                                     StNetlinkFunc  func,
                                     gpointer       data,
                                     char         **words);
void           st_netlink_set_error (GError    **error,
                                     int         result,
                                     const char *words,
                                     const char *step);

/* Hears of changes: a socket that joins multicast groups, RTNLGRP_*, up to a 0. */
GSocket       *st_netlink_listen    (StSpace   *network,
                                     const int *groups,
                                     GError   **error);
/* FALSE if something was missed. */
gboolean       st_netlink_hear      (GSocket      *socket,
                                     StNetlinkFunc func,
                                     gpointer      data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StNetlink, st_netlink_free)
