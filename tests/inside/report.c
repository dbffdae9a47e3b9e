/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors
 *
 * A program that starts inside: says what came of it, one thing a line. It may also be told to load the library itself. */
#include <dirent.h>
#include <dlfcn.h>
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef gboolean (*GetStatus) (GError **error);

#ifdef LINKED
#include <spacetest/spacetest.h>
#endif

static void
print_namespaces (const char *prefix)
{
  static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts" };
  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      char path[64], target[64];
      snprintf (path, sizeof path, "/proc/self/ns/%s", kinds[i]);
      const ssize_t size = readlink (path, target, sizeof target);
      printf ("%s%s %.*s\n", prefix, kinds[i], size < 0 ? 1 : (int) size, size < 0 ? "-" : target);
    }
}

static void
print_descriptors (void)
{
  int n = 0;
  DIR *directory = opendir ("/proc/self/fd");
  for (struct dirent *entry; directory && (entry = readdir (directory));)
    n += entry->d_name[0] != '.';
  if (directory)
    closedir (directory);
  printf ("descriptors %d\n", n - 1);
}

static void
print_environment (void)
{
  for (char **variable = environ; *variable; variable++)
    if (!strncmp (*variable, "spacetest_", 10))
      printf ("left %.*s\n", (int) strcspn (*variable, "="), *variable);
}

#ifdef LINKED

/* Whether whoever started a program with more privileges than he has says which helper program it runs. */
static void
print_helper (void)
{
  const char *directory = getenv ("SPACETEST_LIBEXECDIR");
  if (!directory || getuid () == geteuid ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  printf ("helper %s\n", error && strstr (error->message, directory) ? "from the environment" : "as installed");
}

static GetStatus
get_function (int    argc,
              char **argv)
{
  return argc == 1 ? st_startup_get_status : NULL;
}

#else

static void
print_helper (void)
{
}

static void *
wait_for_end (void *end)
{
  pthread_mutex_lock (end);
  return NULL;
}

/* With a thread of its own, if that was asked for. */
static GetStatus
load (const char *library,
      bool        threaded)
{
  static pthread_mutex_t end = PTHREAD_MUTEX_INITIALIZER;
  pthread_t thread;
  pthread_mutex_lock (&end);
  if (threaded && pthread_create (&thread, NULL, wait_for_end, &end) != 0)
    return NULL;
  void *handle = dlopen (library, RTLD_NOW | RTLD_GLOBAL);
  return handle ? (GetStatus) dlsym (handle, "st_startup_get_status") : NULL;
}

static GetStatus
get_function (int    argc,
              char **argv)
{
  return load (argv[1], argc > 2);
}

#endif

int
main (int    argc,
      char **argv)
{
  char directory[4096];
  g_autoptr (GError) error = NULL;
  GetStatus get_status = get_function (argc, argv);
  if (argc > 1 && !get_status) /* "unasked" */
    return 0;
  if (get_status (&error))
    printf ("status fine\n");
  else
    printf ("status %s %d %s\n", g_quark_to_string (error->domain), error->code, error->message);
  print_namespaces ("");
  print_descriptors ();
  print_environment ();
  printf ("cwd %s\n", getcwd (directory, sizeof directory));
  printf ("ids %u %u\n", geteuid (), getegid ());
  print_helper ();
  fflush (stdout);

  const pid_t child = fork (); /* whose PID and time namespaces may be others */
  if (child == 0)
    {
      print_namespaces ("child-");
      fflush (stdout);
      _exit (0);
    }
  return child > 0 && waitpid (child, NULL, 0) == child ? 0 : 1;
}
