/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-process.h"

#include "st-coverage.h"
#include "st-result.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

bool
st_process_is_admin (void)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  if (syscall (SYS_capget, &header, sets) < 0)
    return false;
  return sets[CAP_TO_INDEX (CAP_SYS_ADMIN)].effective & CAP_TO_MASK (CAP_SYS_ADMIN);
}

int
st_process_unshare (unsigned int flags)
{
  return result_of (unshare ((int) flags));
}

int
st_process_set_host_name (const char *name)
{
  return result_of (sethostname (name, strlen (name)));
}

static bool
is_below (const char *path,
          const char *top)
{
  size_t length = strlen (top);
  return strncmp (path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Something was mounted on @top: a working directory below it is still in what was covered. Goes to the one of the same name
 * in what is there now. */
int
st_process_return_to (const char *top)
{
  char path[PATH_MAX];
  if (!getcwd (path, sizeof path) || !is_below (path, top))
    return 0; /* too deep for a path, removed or elsewhere: not below a mount point of the kernel's */
  return result_of (chdir (path));
}

/* So that what it is on can be unmounted. */
void
st_process_leave_directory (void)
{
  if (chdir ("/") < 0)
    return; /* a root that may not be searched: then it just stays busy */
}

/* Where standard input, output or error are closed, what is opened next would be taken for them. The stand-ins can be neither
 * read nor written, as if closed, and are close-on-exec, so the next program finds them closed indeed. */
int
st_process_fill_stdio (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC) < 0)
      return -errno;
  return 0;
}

/* Waits until a child has ended. Gives its status, or 0 if there is no such child. */
int
st_process_wait (pid_t pid)
{
  int status = 0;
  while (waitpid (pid, &status, __WALL) < 0 && errno == EINTR)
    ;
  return status;
}

/* Any, those that have ended and nobody waited for included. */
int
st_process_has_children (void)
{
  siginfo_t info;
  if (waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
    return true;
  return errno == ECHILD ? false : -errno;
}

/* Becomes another program, or says why not. */
int
st_process_execute (const char  *path,
                    char *const *argv,
                    char *const *environment)
{
  st_coverage_save ();
  return result_of (execve (path, argv, environment));
}

/* The lowest one from @first on, or UINT_MAX. */
static unsigned int
next_of (const int   *fds,
         size_t       n_fds,
         unsigned int first)
{
  unsigned int next = UINT_MAX;
  for (size_t i = 0; i < n_fds; i++)
    if (fds[i] >= 0 && (unsigned int) fds[i] >= first && (unsigned int) fds[i] < next)
      next = (unsigned int) fds[i];
  return next;
}

void
st_process_close_all_but (const int *fds,
                          size_t     n_fds)
{
  unsigned int kept, first = 0;
  while ((kept = next_of (fds, n_fds, first)) != UINT_MAX)
    {
      if (kept > first)
        close_range (first, kept - 1, 0);
      first = kept + 1;
    }
  close_range (first, UINT_MAX, 0);
}
