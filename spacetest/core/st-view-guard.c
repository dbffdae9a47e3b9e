/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-view-guard-private.h"

#include "st-error-private.h"
#include "st-mount-table.h"
#include "st-thread-private.h"
#include "st-view.h"
#include "st-workshop-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Whether the host would see what is written to a file, or made in a directory, of a view.
 *
 * Two mounts show the same files if they are of the same file system, and mount tables number file systems. Which mount the file
 * is on says the namespace's own table; what stat() gives is not always that number. The host is where the process is at
 * home, and where the caller stands, unless that is the namespace itself. */

#define MAX_LAYERS 8

typedef struct
{
  int proc;
  StViewFile file;
  gboolean found;
  dev_t device;
  char *type;
  char *upper;       /* of an overlay: the directory that is written to */
  gboolean is_seen;
} Query;

static void
query_clear (Query *self)
{
  g_free (self->type);
  free (self->upper);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Query, query_clear)

static int
describe_mount (const StMount *mount,
                void          *data)
{
  Query *query = data;
  if (mount->id != query->file.mount_id)
    return 0;
  query->device = mount->device;
  query->type = g_strdup (mount->type);
  if (g_str_equal (mount->type, "overlay"))
    query->upper = st_mount_table_dup_option (mount, "upperdir");
  return 1;
}

static int
compare_mount (const StMount *mount,
               void          *data)
{
  const Query *query = data;
  return mount->device == query->device || mount->device == query->file.device;
}

static gboolean
report_table (int      result,
              GError **error)
{
  if (result < 0)
    st_error_set_result (error, result, "cannot read the mount table");
  return result >= 0;
}

static gboolean
describe_inside (StViewRoot *root,
                 Query      *query,
                 GError    **error)
{
  int result = st_mount_table_foreach (root->table, describe_mount, query);
  query->found = result == 1;
  return report_table (result, error);
}

/* The table shows only what can be reached from the root, which may be no mount in it. */
static gboolean
compare_outside (gpointer data,
                 GError **error)
{
  Query *query = data;
  struct stat root;
  ST_AUTO_FD table = st_mount_table_open (query->proc);
  int result = table < 0 ? table : st_mount_table_foreach (table, compare_mount, query);
  if (result == 0 && stat ("/", &root) == 0)
    result = root.st_dev == query->device || root.st_dev == query->file.device;
  query->is_seen = result == 1;
  return report_table (result, error);
}

static gboolean
look_from (StHandle *mnt,
           Query    *query,
           GError  **error)
{
  StHandleSet there = { 0 };
  there.of_kind[ST_KIND_MNT] = mnt;
  return st_workshop_run (&there, compare_outside, query, error);
}

/* Where the calling thread stands, as the /proc that it came with has it. */
static StHandle *
get_here (StViewRoot *root,
          GError    **error)
{
  const int fd = st_view_open_here (root->proc);
  if (fd >= 0)
    return st_handle_new_take (fd, &st_kinds[ST_KIND_MNT], error);
  st_error_set_result (error, fd, "cannot find the mnt namespace of the caller");
  return NULL;
}

static gboolean
look_from_outside (StViewRoot *root,
                   Query      *query,
                   GError    **error)
{
  g_autoptr (StHandle) home = st_thread_get_home (&st_kinds[ST_KIND_MNT], error);
  g_autoptr (StHandle) here = home ? get_here (root, error) : NULL;
  if (!here || !look_from (home, query, error))
    return FALSE;
  if (query->is_seen || st_system_is_same (&here->identity, &home->identity) ||
      st_system_is_same (&here->identity, &root->mnt->identity))
    return TRUE;
  return look_from (here, query, error);
}

/* Their files are the kernel's, and writing is a command to it: to the caller's host name or network, for example. Or there is one
 * of them for everybody. */
static gboolean
is_kernel_interface (const char *type)
{
  static const char *const types[] = {
    "binfmt_misc", "bpf",        "cgroup", "cgroup2", "configfs", "debugfs",    "devtmpfs", "efivarfs", "fusectl", "mqueue", "nfsd",      "nsfs",
    "openpromfs",  "proc",       "pstore", "resctrl", "rootfs",   "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sysfs",  "tracefs",
    "xenfs",       NULL,
  };
  return g_strv_contains (types, type);
}

static gboolean
refuse (GError    **error,
        const char *why)
{
  g_set_error (error, ST_ERROR, ST_ERROR_WOULD_TOUCH_HOST, "%s (allow-host lets it be written all the same)", why);
  return FALSE;
}

static gboolean check_layer (StViewRoot *root,
                             int         fd,
                             int         depth,
                             GError    **error);

/* An overlay keeps what is written to it in a directory of another file system. */
static gboolean
check_upper (StViewRoot *root,
             const char *path,
             int         depth,
             GError    **error)
{
  ST_AUTO_FD upper = path[0] == '/' && depth < MAX_LAYERS ? st_view_root_lookup (root, path, O_DIRECTORY, NULL) : -1;
  if (upper < 0)
    return refuse (error, "it is on an overlay over a directory that is not to be found inside, so the host may see it");
  return check_layer (root, upper, depth + 1, error);
}

static gboolean
check_layer (StViewRoot *root,
             int         fd,
             int         depth,
             GError    **error)
{
  g_auto (Query) query = { .proc = root->proc };
  int result = st_view_inspect (fd, &query.file);
  if (result < 0)
    return st_view_set_result (error, result);
  if (S_ISCHR (query.file.mode) || S_ISBLK (query.file.mode))
    return refuse (error, "it is a device, which is the host's wherever its file is");
  if (!describe_inside (root, &query, error))
    return FALSE;
  if (!query.found)
    return refuse (error, "its mount is gone from the namespace, so nobody can tell whether the host sees it");
  if (is_kernel_interface (query.type))
    return refuse (error, "it is an interface of the kernel, which is the host's");
  if (!look_from_outside (root, &query, error))
    return FALSE;
  if (query.is_seen)
    return refuse (error, "it is on a file system that the host has mounted too");
  return !query.upper || check_upper (root, query.upper, depth, error);
}

/* @fd is a file to be written to, or a directory to make one in. */
gboolean
st_view_guard_check (StViewRoot *root,
                     int         fd,
                     GError    **error)
{
  return check_layer (root, fd, 0, error);
}
