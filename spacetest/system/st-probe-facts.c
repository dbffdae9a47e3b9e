/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-probe-facts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_UNSHARE_FLAG 1       /* a bit that unshare() has no meaning for */
#define MAX_COUNTED 4096

/* A filter sees numbers only. The same call, spoilt so that the kernel refuses it for its form before it looks at any right,
 * is refused for another reason unless a filter came first. It never does anything. */
static long
spoilt_call (const StProbeReport *report)
{
  const StKind *kind = &st_kinds[report->kind];
  const unsigned long child = CLONE_VM | CLONE_VFORK | CLONE_THREAD; /* a thread takes CLONE_SIGHAND too */
  switch (report->step)
    {
    case ST_PROBE_START:
    case ST_PROBE_INIT:
      return syscall (SYS_clone, child, 0, 0, 0, 0);
    case ST_PROBE_CREATE:
      if (kind->index == ST_KIND_USER)
        return syscall (SYS_clone, child | CLONE_NEWUSER, 0, 0, 0, 0);
      return unshare ((int) kind->flag | NO_UNSHARE_FLAG);
    case ST_PROBE_PRIVATE:
    case ST_PROBE_SYSFS:
    case ST_PROBE_TMPFS:
    case ST_PROBE_PROC:
      return mount ("", "", "none", 0, NULL);
    default:
      return 0;
    }
}

bool
st_probe_is_filtered (const StProbeReport *report)
{
  return spoilt_call (report) < 0 && errno == report->number;
}

static bool
is_mapped (const char  *path,
           unsigned int id)
{
  uintmax_t inside, outside, count;
  bool found = false;
  FILE *map = fopen (path, "re");
  if (!map)
    return true; /* for all we know */
  while (!found && fscanf (map, "%ju %ju %ju", &inside, &outside, &count) == 3)
    found = id >= inside && id - inside < count;
  fclose (map);
  return found;
}

bool
st_probe_has_mapped_ids (void)
{
  return is_mapped ("/proc/thread-self/uid_map", geteuid ()) && is_mapped ("/proc/thread-self/gid_map", getegid ());
}

/* Whether PID 1, which may be in the same mount namespace, has our root somewhere below its own. */
static bool
is_below_another_root (uint64_t mount)
{
  char *line = NULL, point[3];
  size_t room = 0;
  uint64_t id;
  bool below = false;
  FILE *table = fopen ("/proc/1/mountinfo", "re");
  while (table && !below && getline (&line, &room, table) > 0)
    below = sscanf (line, "%" SCNu64 " %*s %*s %*s %2s", &id, point) == 2 && id == mount && strcmp (point, "/") != 0;
  free (line);
  if (table)
    fclose (table);
  return below;
}

bool
st_probe_is_in_chroot (void)
{
  struct statx root;
  if (statx (AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &root) < 0)
    return false;
  if ((root.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) && !(root.stx_attributes & STATX_ATTR_MOUNT_ROOT))
    return true;
  return (root.stx_mask & STATX_MNT_ID) && is_below_another_root (root.stx_mnt_id);
}

bool
st_probe_is_dumpable (void)
{
  return prctl (PR_GET_DUMPABLE) == 1;
}

/* Without /proc nothing contradicts the kernel. */
bool
st_probe_kernel_has (const StKind *kind)
{
  char path[64];
  snprintf (path, sizeof path, "/proc/thread-self/ns/%s", kind->proc_entry);
  return access (path, F_OK) == 0;
}

bool
st_probe_get_process_limit (unsigned long *limit)
{
  struct rlimit processes;
  if (getrlimit (RLIMIT_NPROC, &processes) < 0 || processes.rlim_cur == RLIM_INFINITY)
    return false;
  *limit = processes.rlim_cur;
  return true;
}

bool
st_probe_read_number (const char *path,
                      long       *number)
{
  FILE *file = fopen (path, "re");
  if (!file)
    return false;
  bool read = fscanf (file, "%ld", number) == 1;
  fclose (file);
  return read;
}

static bool
read_line (const char *path,
           char       *line,
           size_t      size)
{
  FILE *file = fopen (path, "re");
  if (!file)
    return false;
  bool read = fgets (line, (int) size, file) != NULL;
  fclose (file);
  line[read ? strcspn (line, "\n") : 0] = '\0';
  return line[0] != '\0';
}

/* Of AppArmor or SELinux, if it has a say. */
bool
st_probe_read_label (char  *label,
                     size_t size)
{
  return (read_line ("/proc/thread-self/attr/apparmor/current", label, size) ||
          read_line ("/proc/thread-self/attr/current", label, size)) &&
         strcmp (label, "unconfined") != 0;
}

typedef struct
{
  ino_t inodes[MAX_COUNTED];
  long n;
} Seen;

static void
see (Seen         *seen,
     const char   *process,
     const StKind *kind)
{
  char path[64];
  struct stat status;
  snprintf (path, sizeof path, "/proc/%.16s/ns/%s", process, kind->children_proc_entry);
  if (stat (path, &status) < 0)
    return;
  for (long i = 0; i < seen->n; i++)
    if (seen->inodes[i] == status.st_ino)
      return;
  if (seen->n < MAX_COUNTED)
    seen->inodes[seen->n++] = status.st_ino;
}

/* Other namespaces of the kind that processes are in, as far as the caller may know. */
long
st_probe_count_namespaces (const StKind *kind)
{
  Seen *seen = calloc (1, sizeof *seen);
  DIR *processes = opendir ("/proc");
  if (seen)
    see (seen, "thread-self", kind);
  for (struct dirent *entry; seen && processes && (entry = readdir (processes));)
    if (isdigit ((unsigned char) entry->d_name[0]))
      see (seen, entry->d_name, kind);
  long others = seen && seen->n > 0 ? seen->n - 1 : 0;
  if (processes)
    closedir (processes);
  free (seen);
  return others;
}
