/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors
 *
 * as-nobody [--userns] [--tun] PROGRAM [ARGUMENT...]
 *
 * Runs a program as an ordinary user without any capability. With --userns, that user is then root in namespaces of his own, as
 * "spacetest run" would make him. With --tun, everybody may open /dev/net/tun, as on most machines, whatever
 * it is here. Who is not root stays who he is. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NOBODY 65534

/* A directory that the program must get at, at its usual path. */
typedef struct
{
  const char *path;
  int fd;
  mode_t mode;
} Tree;

static bool
is_open_to_all (mode_t mode)
{
  return (mode & (S_IROTH | S_IXOTH)) == (S_IROTH | S_IXOTH);
}

static void
tree_open (Tree *tree)
{
  struct stat status;
  tree->fd = open (tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (tree->fd < 0 || fstat (tree->fd, &status) < 0)
    err (125, "%s", tree->path);
  tree->mode = status.st_mode;
}

/* As everybody else sees it: no ACLs, which would only open it further. */
static bool
is_reachable (const char *path)
{
  char prefix[PATH_MAX];
  struct stat status;
  for (const char *slash = path; slash; slash = strchr (slash + 1, '/'))
    {
      snprintf (prefix, sizeof prefix, "%.*s", (int) (slash - path), path);
      if (stat (*prefix ? prefix : "/", &status) < 0 || !(status.st_mode & S_IXOTH))
        return false;
    }
  return stat (path, &status) == 0 && is_open_to_all (status.st_mode);
}

static void
mount_empty (const char *path)
{
  if (mount ("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
    err (125, "cannot cover %s", path);
}

static void
bind_from (int         directory,
           const char *name,
           const char *path)
{
  char source[64 + NAME_MAX];
  snprintf (source, sizeof source, "/proc/self/fd/%d/%s", directory, name);
  if (mount (source, path, NULL, MS_BIND | MS_REC, NULL) < 0)
    err (125, "cannot show %s to everybody", path);
}

/* The tree is closed to others itself: what is in it may be not. */
static void
show_entries (const Tree *tree)
{
  char path[PATH_MAX];
  struct stat status;
  DIR *entries = fdopendir (dup (tree->fd));
  for (struct dirent *entry; entries && (entry = readdir (entries));)
    {
      if (!strcmp (entry->d_name, ".") || !strcmp (entry->d_name, "..") ||
          fstatat (tree->fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        continue;
      snprintf (path, sizeof path, "%s/%s", tree->path, entry->d_name);
      if (S_ISDIR (status.st_mode))
        mkdir (path, 0755);
      else if (S_ISREG (status.st_mode))
        close (open (path, O_CREAT | O_CLOEXEC, 0644));
      else
        continue;
      bind_from (tree->fd, entry->d_name, path);
    }
  closedir (entries);
}

/* Covers what is closed on the way with empty directories that are open, in a mount namespace that is ours alone. */
static void
show (const Tree *tree)
{
  char prefix[PATH_MAX];
  struct stat status;
  for (const char *slash = strchr (tree->path + 1, '/'); slash; slash = strchr (slash + 1, '/'))
    {
      snprintf (prefix, sizeof prefix, "%.*s", (int) (slash - tree->path), tree->path);
      if (mkdir (prefix, 0755) == 0)
        continue;
      if (stat (prefix, &status) < 0)
        err (125, "%s", prefix);
      if (!(status.st_mode & S_IXOTH))
        mount_empty (prefix);
    }
  if (mkdir (tree->path, 0755) < 0 && errno != EEXIST)
    err (125, "%s", tree->path);
  if (is_open_to_all (tree->mode))
    {
      bind_from (tree->fd, ".", tree->path);
      return;
    }
  mount_empty (tree->path);
  show_entries (tree);
}

static void
make_reachable (void)
{
  char here[PATH_MAX];
  Tree trees[] = { { SOURCE_ROOT }, { BUILD_ROOT } };
  if (is_reachable (SOURCE_ROOT) && is_reachable (BUILD_ROOT))
    return;
  if (!getcwd (here, sizeof here))
    strcpy (here, "/");
  if (unshare (CLONE_NEWNS) < 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    err (125, "cannot make a mount namespace");
  for (size_t i = 0; i < 2; i++)
    tree_open (&trees[i]);
  for (size_t i = 0; i < 2; i++)
    if (!is_reachable (trees[i].path))
      show (&trees[i]);
  if (!is_reachable (here) || chdir (here) < 0)
    if (chdir ("/") < 0)
      err (125, "/");
}

/* In a mount namespace that is ours alone. Where no device may be made, it stays as it is. */
static void
open_tun (void)
{
  struct stat status;
  const mode_t all = S_IFCHR | S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
  if (stat ("/dev/net/tun", &status) < 0 || (status.st_mode & (S_IROTH | S_IWOTH)) == (S_IROTH | S_IWOTH))
    return;
  if (unshare (CLONE_NEWNS) < 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
      mount ("tmpfs", "/dev/net", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755") < 0)
    err (125, "cannot cover /dev/net");
  umask (0);
  if (mknod ("/dev/net/tun", all, makedev (10, 200)) < 0 && umount ("/dev/net") < 0)
    err (125, "cannot uncover /dev/net");
  umask (022);
}

static void
become_nobody (void)
{
  if (setgroups (0, NULL) < 0 || setresgid (NOBODY, NOBODY, NOBODY) < 0 || setresuid (NOBODY, NOBODY, NOBODY) < 0)
    err (125, "cannot become an ordinary user");
  prctl (PR_SET_DUMPABLE, 1); /* or our id map would not be ours to write */
  setenv ("HOME", "/nonexistent", true);
  unsetenv ("XDG_RUNTIME_DIR");
}

static void
write_file (const char *path,
            const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    err (125, "%s", path);
  close (fd);
}

/* Who shall come home from elsewhere must own home, too. */
static void
become_root_inside (void)
{
  char map[64];
  const uid_t uid = geteuid ();
  const gid_t gid = getegid ();
  if (unshare (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP) < 0)
    err (125, "cannot make a user namespace");
  write_file ("/proc/self/setgroups", "deny");
  snprintf (map, sizeof map, "0 %u 1\n", gid);
  write_file ("/proc/self/gid_map", map);
  snprintf (map, sizeof map, "0 %u 1\n", uid);
  write_file ("/proc/self/uid_map", map);
}

int
main (int    argc,
      char **argv)
{
  const bool inside = argc > 1 && !strcmp (argv[1], "--userns");
  const bool tun = argc > 1 + inside && !strcmp (argv[1 + inside], "--tun");
  char **program = argv + 1 + inside + tun;
  if (argc < 2 + inside + tun)
    errx (125, "usage: %s [--userns] [--tun] PROGRAM [ARGUMENT...]", argv[0]);
  char *absolute = strchr (program[0], '/') ? realpath (program[0], NULL) : NULL;
  if (absolute)
    program[0] = absolute;
  if (geteuid () == 0)
    {
      make_reachable ();
      if (tun)
        open_tun ();
      become_nobody ();
    }
  if (inside)
    become_root_inside ();
  setenv ("SPACETEST_RUN_AS", inside ? "rootless" : "nobody", true);
  execvp (program[0], program);
  err (errno == ENOENT ? 127 : 126, "%s", program[0]);
}
