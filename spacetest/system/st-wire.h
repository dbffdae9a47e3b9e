/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* What the library and its helper program say to each other: records of a fixed size for each type over SOCK_SEQPACKET, with
 * all their descriptors in one SCM_RIGHTS. Both sides are of one build; the version is there to find out when they are not.
 * Plain C without GLib. Results are >= 0, or -errno.
 *
 * A request but ST_WIRE_JOIN brings as its first descriptor the socket that its answer goes to, which nobody
 * else uses: so a request that is given up disturbs no other, and an answer that comes late meets nobody. */

#define ST_WIRE_MAGIC       0x73704163u
#define ST_WIRE_VERSION     1
#define ST_WIRE_MAX_FDS     16
#define ST_WIRE_HOST_NAME   65 /* with the NUL at the end, as for the path */
#define ST_WIRE_SYSCTL_NAME 512
#define ST_WIRE_MAX_CONTENT (64u * 1024 * 1024) /* bytes that can cover a file */

typedef enum
{
  /* To a helper that serves. */
  ST_WIRE_SUBSPACE = 1, /* answer socket, connection of the new helper, [stdout], [stderr] -> pidfd, namespaces */
  ST_WIRE_SPACE,        /* answer socket -> namespaces */
  ST_WIRE_SOCKET,       /* answer socket, net namespace -> socket */
  ST_WIRE_ROOT,         /* answer socket, mnt namespace -> its root, O_PATH, and its mount table */
  ST_WIRE_MOUNT,        /* answer socket, mnt namespace, [net namespace or content of a file] -> nothing */
  ST_WIRE_SYSCTL,       /* answer socket, namespace, [value to set] -> [value that was read] */
  ST_WIRE_GUARD,        /* answer socket, pidfds of one or two processes that must not outlive the helper, the second not the
                         * first either -> nothing */
  /* To a helper that joins. */
  ST_WIRE_JOIN,         /* namespaces, [connection of the helper that guards] -> DONE when all is ready for the program, then the end */
  /* Answers. */
  ST_WIRE_DONE,
  ST_WIRE_FAILED,
  /* To the shadow of one that joins. */
  ST_WIRE_COMMAND,      /* pidfd of the command, [its user namespace]; no answer */
  /* To a helper that serves, too. */
  ST_WIRE_TAP,          /* answer socket, net namespace -> /dev/net/tun, opened there */
} StWireType;

typedef struct
{
  uint32_t magic;
  uint16_t version;
  uint16_t type;
  uint32_t serial; /* an answer has that of its request */
  uint32_t size;   /* of the whole record */
} StWireHeader;

/* Namespaces go along in the order of the table of kinds, one for each of @kinds (CLONE_NEW*). */

typedef enum
{
  ST_WIRE_MAP_ROOT, /* own ids to 0 */
  ST_WIRE_MAP_SELF, /* own ids to themselves */
} StWireMap;

typedef struct
{
  StWireHeader header;
  uint32_t kinds;
  uint32_t map;             /* StWireMap */
  int64_t monotonic_offset; /* nanoseconds, against the clocks of the helper that makes it */
  int64_t boottime_offset;
  uint32_t has_stdout;
  uint32_t has_stderr;
  char host_name[ST_WIRE_HOST_NAME]; /* empty: as it is */
} StWireSubspace;

typedef struct
{
  StWireHeader header;
  uint32_t kinds;
  uint32_t loopback_up;
} StWireSpace;

typedef struct
{
  StWireHeader header;
  int32_t family;
  int32_t type;
  int32_t protocol;
} StWireSocket;

typedef struct
{
  StWireHeader header;
} StWireRoot;

typedef enum
{
  ST_WIRE_MOUNT_PROC,
  ST_WIRE_MOUNT_SYSFS,   /* of the net namespace that comes along */
  ST_WIRE_MOUNT_TMPFS,
  ST_WIRE_MOUNT_OVERLAY, /* of a file, with the content that comes along */
} StWireMountWhat;

typedef struct
{
  StWireHeader header;
  uint32_t what;         /* StWireMountWhat */
  uint64_t size;         /* bytes of a tmpfs (0: the kernel's limit) or of a content */
  char path[PATH_MAX];
} StWireMount;

typedef struct
{
  StWireHeader header;
  uint32_t kind;  /* CLONE_NEW*, of the namespace */
  uint32_t sets;
  uint64_t size;  /* of the value to set */
  char name[ST_WIRE_SYSCTL_NAME];
} StWireSysctl;

typedef struct
{
  StWireHeader header;
} StWireGuard;

typedef struct
{
  StWireHeader header;
  uint32_t kinds;
  uint32_t has_guard;
} StWireJoin;

typedef struct
{
  StWireHeader header;
  uint32_t kinds; /* of the namespaces that come along */
  uint32_t sysfs; /* StMountSysfs, of ST_WIRE_SPACE with a mnt namespace and of ST_WIRE_MOUNT: what /sys is */
} StWireDone;

typedef enum
{
  ST_WIRE_STEP_UNDERSTAND, /* the request makes no sense: nothing was done */
  ST_WIRE_STEP_CREATE,     /* namespaces, of @kinds as far as it is known which */
  ST_WIRE_STEP_MAP,        /* ids */
  ST_WIRE_STEP_PRIVATE,    /* make the new mounts private */
  ST_WIRE_STEP_PROC,       /* mount a fresh /proc */
  ST_WIRE_STEP_SYSFS,      /* show the network in /sys */
  ST_WIRE_STEP_OFFSETS,    /* of the clocks */
  ST_WIRE_STEP_HOST_NAME,
  ST_WIRE_STEP_LOOPBACK,
  ST_WIRE_STEP_OPEN,       /* namespaces of @kinds */
  ST_WIRE_STEP_ENTER,      /* namespaces of @kinds */
  ST_WIRE_STEP_FORK,
  ST_WIRE_STEP_IDS,        /* become root of the user namespace */
  ST_WIRE_STEP_DIRECTORY,  /* go to the working directory */
  ST_WIRE_STEP_GUARD,      /* see to it that the program ends with its caller */
  ST_WIRE_STEP_EXECUTE,    /* the program */
  ST_WIRE_STEP_SOCKET,     /* create it */
  ST_WIRE_STEP_ROOT,       /* open it */
  ST_WIRE_STEP_MOUNT,
  ST_WIRE_STEP_SHARED,     /* not mounted: other mount namespaces would see it */
  ST_WIRE_STEP_SYSCTL,     /* read or set it */
  ST_WIRE_STEP_TAP,        /* open /dev/net/tun */
  ST_WIRE_STEP_MOUNT_PROC, /* in a mnt namespace that is there already */
  ST_WIRE_STEP_ANSWER,     /* hand over what was made */
} StWireStep;

typedef struct
{
  StWireHeader header;
  uint32_t step;  /* StWireStep */
  uint32_t kinds; /* CLONE_NEW*, or 0 */
  int32_t error;  /* errno */
} StWireFailed;

typedef struct
{
  StWireHeader header;
} StWireCommand;

typedef struct
{
  StWireHeader header;
} StWireTap;

typedef union
{
  StWireHeader header;
  StWireSubspace subspace;
  StWireSpace space;
  StWireSocket socket;
  StWireRoot root;
  StWireMount mount;
  StWireSysctl sysctl;
  StWireGuard guard;
  StWireJoin join;
  StWireDone done;
  StWireFailed failed;
  StWireCommand command;
  StWireTap tap;
} StWireRecord;

typedef struct
{
  StWireRecord record;
  int fds[ST_WIRE_MAX_FDS]; /* close-on-exec, the receiver's */
  size_t n_fds;
} StWireMessage;

int  st_wire_pair        (int sockets[2]);
int  st_wire_check_socket (int fd);
void st_wire_begin       (StWireMessage *message,
                          StWireType     type,
                          uint32_t       serial);
void st_wire_begin_failed (StWireMessage *message,
                           uint32_t       serial,
                           StWireStep     step,
                           uint32_t       kinds,
                           int            result);
void st_wire_add_fd      (StWireMessage *message,
                          int            fd);
int  st_wire_take_fd     (StWireMessage *message,
                          size_t         i);
void st_wire_close_fds   (StWireMessage *message);
int  st_wire_send        (int                  socket,
                          const StWireMessage *message);
int  st_wire_send_now    (int                  socket,
                          const StWireMessage *message);
int  st_wire_receive     (int            socket,
                          StWireMessage *message);
int  st_wire_receive_any (int            socket,
                          StWireMessage *message);
int  st_wire_check       (const StWireMessage *message,
                          size_t               size);
