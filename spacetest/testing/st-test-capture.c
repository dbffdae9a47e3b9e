/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-capture.h"

#include "st-last-words.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct _Running Running;

struct _Running
{
  StCapture *capture;
  GPtrArray *allowed; /* what it keeps open */
  char *path;
  gboolean is_told;
  Running *next;
};

static Running *running; /* for the handler of a signal: a test that crashes ends nothing */

static void
say_where (Running *self)
{
  if (!self->is_told)
    st_last_words_say ("spacetest: ", g_test_get_path (), " did not pass; its packets are in ", self->path, "\n", NULL);
  self->is_told = TRUE;
}

/* Nothing is allocated here. */
void
st_test_capture_report (void)
{
  for (Running *each = running; each; each = each->next)
    say_where (each);
}

static void
forget (Running *self)
{
  Running **place = &running;
  while (*place != self)
    place = &(*place)->next;
  *place = self->next;
}

static void
end_capture (gpointer data)
{
  Running *self = data;
  g_autoptr (GError) error = NULL;
  const gboolean failed = g_test_failed ();
  st_capture_set_keep (self->capture, failed);
  if (!st_capture_close (self->capture, &error))
    g_test_fail_printf ("%s", error->message);
  else if (failed)
    say_where (self);
  forget (self);
  st_test_leaks_forbid (self->allowed);
  g_ptr_array_unref (self->allowed);
  g_object_unref (self->capture);
  g_free (self->path);
  g_free (self);
}

/* "/server/port 80" makes "server-port-80". */
static char *
to_file_name (const char *test)
{
  char *name = g_strdup (*test == '/' ? test + 1 : test);
  return g_strcanon (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_.", '-');
}

/* In the folder of the runner's choice; each capture has a name of its own. */
static char *
choose_path (void)
{
  const char *folder = g_getenv ("SPACETEST_CAPTURES");
  g_autofree char *name = to_file_name (g_test_get_path ());
  g_autofree char *file = g_strdup_printf ("%s-%d-XXXXXX.pcapng", name, (int) getpid ());
  char *path = g_build_filename (folder && *folder ? folder : g_get_tmp_dir (), file, NULL);
  const int fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    close (fd);
  return path; /* where it can't be made, the capture says so */
}

/**
 * st_test_start_capture: (skip)
 * @space: a space; if it has no network, the caller's is recorded
 * @interface: (nullable): the name of an interface, or %NULL for all
 * @domain: (nullable): log domain
 * @file: source file
 * @line: line in it
 * @func: function in it
 *
 * What [func@Spacetest.TEST_CAPTURE] calls.
 *
 * Since: 0.1
 */
void
st_test_start_capture (StSpace    *space,
                       const char *interface,
                       const char *domain,
                       const char *file,
                       int         line,
                       const char *func)
{
  g_autoptr (GError) error = NULL;
  if (!st_test_is_running ())
    {
      g_assertion_message (domain, file, line, func, "ST_TEST_CAPTURE: there is no test that could fail");
      return;
    }
  if (!ST_IS_SPACE (space))
    {
      g_assertion_message (domain, file, line, func,
                           "ST_TEST_CAPTURE: there is no space to record (at home, st_test_get_space() gives none: ST_TEST_ENTER comes first)");
      return;
    }
  st_test_leaks_begin_tests ();
  g_autoptr (GHashTable) before = st_test_leaks_collect_visit ();
  g_autofree char *path = choose_path ();
  StCapture *capture = st_capture_new (space, interface, path, &error);
  if (capture)
    {
      Running *self = g_new0 (Running, 1);
      *self = (Running){ capture, st_test_leaks_allow (before), g_steal_pointer (&path), FALSE, running };
      running = self;
      g_test_queue_destroy (end_capture, self);
      return;
    }
  unlink (path);
  g_autofree char *message = g_strconcat ("ST_TEST_CAPTURE: ", error->message, NULL);
  g_assertion_message (domain, file, line, func, message);
}
