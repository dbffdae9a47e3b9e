/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-answer-private.h"
#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-namespace-ref-private.h"
#include "st-process.h"
#include "st-request-private.h"
#include "st-spacer-policy.h"
#include "st-spacer-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What a spacer does for references that came from it, and for callers who may not make namespaces themselves. The broker of a
 * handle is the way to its helper. */

static gboolean
is_wanted (const GError *refusal)
{
  switch (st_spacer_get_policy ())
    {
    case ST_SPACER_POLICY_NEVER:
      return FALSE;
    case ST_SPACER_POLICY_ALWAYS:
      return TRUE;
    default:
      return g_error_matches (refusal, ST_ERROR, ST_ERROR_PERMISSION_DENIED) ||
             g_error_matches (refusal, ST_ERROR, ST_ERROR_NOT_SUPPORTED);
    }
}

static gboolean
add_fd (StWireMessage *request,
        int            fd,
        GError       **error)
{
  int copy = st_system_dup (fd);
  if (copy < 0)
    {
      st_error_set_result (error, copy, "cannot ask the helper process");
      st_wire_close_fds (request);
      return FALSE;
    }
  st_wire_add_fd (request, copy);
  return TRUE;
}

static gboolean
run_request (GObject       *broker,
             StWireMessage *request,
             StAnswerFunc   func,
             gpointer       data,
             GError       **error)
{
  GError *failure = NULL;
  if (st_request_run (ST_CHANNEL (broker), request, func, data, NULL, &failure))
    return TRUE;
  st_channel_propagate_to_reference (error, failure);
  return FALSE;
}

typedef struct
{
  int fds[2];
  gsize n;
} Descriptors;

static gpointer
take_descriptors (StChannel     *channel,
                  StWireMessage *answer,
                  gpointer       data,
                  GError       **error)
{
  Descriptors *wanted = data;
  if (answer->n_fds != wanted->n)
    {
      st_answer_set_nonsense (error, "another number of descriptors than was asked for");
      return NULL;
    }
  for (gsize i = 0; i < wanted->n; i++)
    wanted->fds[i] = st_wire_take_fd (answer, i);
  return wanted;
}

static int
create_socket (GObject  *broker,
               StHandle *network,
               int       family,
               int       type,
               int       protocol,
               GError  **error)
{
  StWireMessage request;
  Descriptors made = { .n = 1 };
  st_request_begin (&request, ST_WIRE_SOCKET);
  request.record.socket.family = family;
  request.record.socket.type = type;
  request.record.socket.protocol = protocol;
  return add_fd (&request, network->fd, error) && run_request (broker, &request, take_descriptors, &made, error) ? made.fds[0] : -1;
}

static int
open_tap (GObject  *broker,
          StHandle *network,
          GError  **error)
{
  StWireMessage request;
  Descriptors opened = { .n = 1 };
  st_request_begin (&request, ST_WIRE_TAP);
  return add_fd (&request, network->fd, error) && run_request (broker, &request, take_descriptors, &opened, error) ? opened.fds[0] : -1;
}

static gboolean
open_root (GObject  *broker,
           StHandle *mnt,
           int      *root,
           int      *mount_table,
           GError  **error)
{
  StWireMessage request;
  Descriptors opened = { .n = 2 };
  st_request_begin (&request, ST_WIRE_ROOT);
  if (!add_fd (&request, mnt->fd, error) || !run_request (broker, &request, take_descriptors, &opened, error))
    return FALSE;
  *root = opened.fds[0];
  *mount_table = opened.fds[1];
  return TRUE;
}

static gpointer
take_sysfs (StChannel     *channel,
            StWireMessage *answer,
            gpointer       data,
            GError       **error)
{
  StBrokerMount *mount = data;
  mount->sysfs = st_answer_get_sysfs (answer);
  return mount;
}

/* In memory, as a file whose descriptor can be sent. */
static int
open_content (GBytes  *content,
              GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (content, &size);
  const int fd = st_system_open_memory (data, size);
  if (fd < 0)
    st_error_set_result (error, fd, "cannot ask the helper process");
  return fd;
}

static gboolean
add_content (StWireMessage *request,
             GBytes        *content,
             GError       **error)
{
  if (!content)
    return TRUE;
  int fd = open_content (content, error);
  if (fd >= 0)
    st_wire_add_fd (request, fd);
  else
    st_wire_close_fds (request);
  return fd >= 0;
}

static gboolean
add_network_or_content (StWireMessage *request,
                        StBrokerMount *mount,
                        GError       **error)
{
  return mount->network ? add_fd (request, mount->network->fd, error) : add_content (request, mount->content, error);
}

static gboolean
fill_mount (StWireMount         *record,
            const StBrokerMount *mount,
            GError             **error)
{
  record->what = mount->what;
  record->size = mount->content ? g_bytes_get_size (mount->content) : mount->size;
  if (!mount->path || g_strlcpy (record->path, mount->path, sizeof record->path) < sizeof record->path)
    return TRUE;
  st_error_set_result (error, -ENAMETOOLONG, "cannot mount");
  return FALSE;
}

static gboolean
do_mount (GObject       *broker,
          StHandle      *mnt,
          StBrokerMount *mount,
          GError       **error)
{
  static const struct
  {
    const char *what;
    const char *path; /* unless the caller names it */
  } names[] = {
    [ST_WIRE_MOUNT_PROC] = { "proc", "/proc" },
    [ST_WIRE_MOUNT_SYSFS] = { "sysfs", "/sys" },
    [ST_WIRE_MOUNT_TMPFS] = { "tmpfs", NULL },
    [ST_WIRE_MOUNT_OVERLAY] = { "an overlay", NULL },
  };
  StWireMessage request;
  st_request_begin (&request, ST_WIRE_MOUNT);
  if (fill_mount (&request.record.mount, mount, error) && add_fd (&request, mnt->fd, error) &&
      add_network_or_content (&request, mount, error) && run_request (broker, &request, take_sysfs, mount, error))
    return TRUE;
  st_error_specify_step (error, "cannot mount", "cannot mount %s on %.256s", names[mount->what].what,
                         mount->path ? mount->path : names[mount->what].path);
  return FALSE;
}

static GBytes *
read_content (int      fd,
              GError **error)
{
  GError *failure = NULL;
  g_autoptr (GMappedFile) file = g_mapped_file_new_from_fd (fd, FALSE, &failure);
  close (fd);
  if (file)
    return g_mapped_file_get_bytes (file);
  st_error_set (error, ST_ERROR_EXHAUSTED, "cannot read the answer of the helper process: %s", failure->message);
  g_error_free (failure);
  return NULL;
}

static GBytes *
use_sysctl (GObject    *broker,
            StHandle   *handle,
            const char *name,
            GBytes     *to_set,
            GError    **error)
{
  StWireMessage request;
  Descriptors read = { .n = to_set ? 0 : 1 };
  st_request_begin (&request, ST_WIRE_SYSCTL);
  StWireSysctl *record = &request.record.sysctl;
  record->kind = handle->kind->flag;
  record->sets = to_set != NULL;
  record->size = to_set ? g_bytes_get_size (to_set) : 0;
  if (g_strlcpy (record->name, name, sizeof record->name) >= sizeof record->name)
    {
      st_error_set_result (error, -ENAMETOOLONG, "cannot read or set it");
      return NULL;
    }
  if (!add_fd (&request, handle->fd, error) || !add_content (&request, to_set, error) ||
      !run_request (broker, &request, take_descriptors, &read, error))
    return NULL;
  return to_set ? g_bytes_new (NULL, 0) : read_content (read.fds[0], error);
}

static GMutex lock;
static StSpacer *shared;       /* guarded by lock: in the one user namespace for whoever is nobody, below the next */
static StSpacer *shared_below; /* guarded by lock */

/* Takes nothing from others who use it: they hold it, too. */
static StSpacer *
get_shared (StSpacer *first,
            GError  **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  if (!shared || shared_below != first || st_channel_is_gone (st_spacer_get_channel (shared, NULL)))
    {
      g_clear_object (&shared);
      g_clear_object (&shared_below);
      shared = st_spacer_create_subspace (first, ST_NAMESPACE_USER, NULL, NULL, error);
      shared_below = shared ? g_object_ref (first) : NULL;
    }
  return shared ? g_object_ref (shared) : NULL;
}

/* The spacer below which namespaces are made. */
static StSpacer *
get_base (StNamespaceType types,
          GError        **error)
{
  g_autoptr (StSpacer) first = st_spacer_get_default (NULL, error);
  if (!first || st_process_is_admin () || (types & ST_NAMESPACE_USER))
    return g_steal_pointer (&first);
  return get_shared (first, error);
}

/* Namespaces of processes, which need one that lives there. */
static StSpacer *
make_deep (StSpacer       *base,
           StNamespaceType types,
           StHandleSet    *made,
           GError        **error)
{
  g_autoptr (StSpacer) sub = st_spacer_create_subspace (base, types, NULL, NULL, error);
  StSpace *home = sub ? st_spacer_get_space (sub, error) : NULL;
  if (!home)
    return NULL;
  ST_FOREACH_KIND (kind)
    if (types & kind->flag)
      {
        StNamespaceRef *ref = st_space_get_ref (home, kind->flag, error);
        made->of_kind[kind->index] = ref ? st_namespace_ref_dup_handle (ref, error) : NULL;
        if (!made->of_kind[kind->index])
          return NULL;
      }
  return g_steal_pointer (&sub);
}

typedef struct
{
  StNamespaceType types;
  StHandleSet made;
  StSysfs sysfs;
} Wanted;

static gpointer
take_made (StChannel     *channel,
           StWireMessage *answer,
           gpointer       data,
           GError       **error)
{
  Wanted *wanted = data;
  return st_answer_check_kinds (answer, wanted->types, FALSE, 0, error) &&
             st_answer_take_made (answer, &wanted->made, &wanted->sysfs, channel, error)
           ? wanted
           : NULL;
}

static void
move_handles (StHandleSet *to,
              StHandleSet *from)
{
  for (gsize i = 0; i < ST_N_KINDS; i++)
    if (from->of_kind[i])
      to->of_kind[i] = g_steal_pointer (&from->of_kind[i]);
}

static gboolean
make_rest (StSpacer       *base,
           StNamespaceType types,
           gboolean        loopback_up,
           StHandleSet    *made,
           StSysfs        *sysfs,
           GError        **error)
{
  StWireMessage request;
  Wanted wanted = { .types = types };
  StChannel *channel = st_spacer_get_channel (base, error);
  if (!channel)
    return FALSE;
  st_request_begin (&request, ST_WIRE_SPACE);
  request.record.space.kinds = types;
  request.record.space.loopback_up = loopback_up != FALSE;
  gboolean done = run_request (G_OBJECT (channel), &request, take_made, &wanted, error);
  if (done)
    move_handles (made, &wanted.made);
  st_handle_set_clear (&wanted.made);
  *sysfs = wanted.sysfs;
  return done;
}

static gboolean
make (StNamespaceType types,
      gboolean        loopback_up,
      StHandleSet    *made,
      StSysfs        *sysfs,
      GError        **error)
{
  const StNamespaceType deep = types & (ST_NAMESPACE_USER | ST_NAMESPACE_PID);
  g_autoptr (StSpacer) base = get_base (types, error);
  if (base && deep)
    {
      StSpacer *sub = make_deep (base, deep, made, error);
      g_object_unref (base);
      base = sub;
    }
  return base && (types == deep || make_rest (base, types & ~deep, loopback_up, made, sysfs, error));
}

/* It is where the caller is at home, so what may be joined from there is what he owns. */
static GObject *
get_common (GError **error)
{
  g_autoptr (StSpacer) spacer = st_spacer_get_default (NULL, error);
  StChannel *channel = spacer ? st_spacer_get_channel (spacer, error) : NULL;
  return channel ? g_object_ref (G_OBJECT (channel)) : NULL;
}

static const StBrokerFuncs funcs = {
  .is_wanted = is_wanted,
  .get_common = get_common,
  .make = make,
  .create_socket = create_socket,
  .open_tap = open_tap,
  .open_root = open_root,
  .mount = do_mount,
  .use_sysctl = use_sysctl,
};

__attribute__ ((constructor)) static void
install (void)
{
  st_broker_install (&funcs);
}
