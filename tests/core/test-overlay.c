/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory with some files, and a mount namespace to cover them in. */
typedef struct
{
  char directory[32];
  char *file;
  char *link;
  char *dangling;
  char *fifo;
  StTransientMntns *mnt;
} Place;

static void
place_init (Place *self)
{
  g_autoptr (GError) error = NULL;
  strcpy (self->directory, "/tmp/spacetest-XXXXXX");
  g_assert_nonnull (g_mkdtemp (self->directory));
  self->file = g_build_filename (self->directory, "file", NULL);
  self->link = g_build_filename (self->directory, "link", NULL);
  self->dangling = g_build_filename (self->directory, "dangling", NULL);
  self->fifo = g_build_filename (self->directory, "fifo", NULL);
  g_assert_true (g_file_set_contents (self->file, "outside", 7, &error));
  g_assert_no_errno (chmod (self->file, 0640));
  g_assert_no_errno (symlink ("file", self->link));
  g_assert_no_errno (symlink ("/nowhere-at-all", self->dangling));
  g_assert_no_errno (mkfifo (self->fifo, 0600));
  self->mnt = st_transient_mntns_new (&error);
  g_assert_no_error (error);
}

static void
place_clear (Place *self)
{
  char *paths[] = { self->file, self->link, self->dangling, self->fifo };
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_assert_no_errno (unlink (paths[i]));
      g_free (paths[i]);
    }
  g_assert_no_errno (rmdir (self->directory)); /* nothing was made there */
  g_object_unref (self->mnt);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static char *
path_inside (Place      *place,
             const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *root = st_transient_mntns_get_root_path (place->mnt, &error);
  g_assert_no_error (error);
  return g_build_filename (root, path, NULL);
}

static void
cover (Place      *place,
       const char *path,
       const char *content,
       gsize       size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new (content, size);
  g_assert_true (st_transient_mntns_overlay_file (place->mnt, path, bytes, &error));
  g_assert_no_error (error);
}

static void
assert_content (const char *path,
                const char *expected,
                gsize       expected_size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (path, &content, &size, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (content, size, expected, expected_size);
}

static void
assert_inside (Place      *place,
               const char *path,
               const char *expected,
               gsize       expected_size)
{
  g_autofree char *inside = path_inside (place, path);
  assert_content (inside, expected, expected_size);
}

static void
test_regular (void)
{
  struct stat outside, inside;
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  cover (&place, place.file, "inside", 6);
  assert_inside (&place, place.file, "inside", 6);
  assert_inside (&place, place.link, "inside", 6); /* which leads there */
  assert_content (place.file, "outside", 7);
  g_autofree char *path = path_inside (&place, place.file);
  g_assert_no_errno (stat (place.file, &outside));
  g_assert_no_errno (stat (path, &inside));
  g_assert_cmpuint (inside.st_mode, ==, outside.st_mode);
  g_assert_cmpuint (inside.st_uid, ==, outside.st_uid);
  g_assert_cmpuint (inside.st_gid, ==, outside.st_gid);
  g_assert_cmpuint (inside.st_dev, !=, outside.st_dev);

  cover (&place, place.file, "once more", 9);
  assert_inside (&place, place.file, "once more", 9);
}

/* What is written inside stays inside. */
static void
test_write (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  cover (&place, place.file, "inside", 6);
  g_autofree char *path = path_inside (&place, place.file);
  FILE *file = fopen (path, "w");
  g_assert_nonnull (file);
  fputs ("changed", file);
  g_assert_no_errno (fclose (file));
  assert_inside (&place, place.file, "changed", 7);
  assert_content (place.file, "outside", 7);
}

static void
test_link (void)
{
  struct stat status;
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  const char *links[] = { place.link, place.dangling };
  for (gsize i = 0; i < G_N_ELEMENTS (links); i++)
    {
      cover (&place, links[i], "instead of a link", 17);
      assert_inside (&place, links[i], "instead of a link", 17);
      g_autofree char *path = path_inside (&place, links[i]);
      g_assert_no_errno (lstat (path, &status));
      g_assert_true (S_ISREG (status.st_mode));
      g_assert_no_errno (lstat (links[i], &status));
      g_assert_true (S_ISLNK (status.st_mode));
    }
  assert_inside (&place, place.file, "outside", 7);
}

/* Nothing is opened that could block, or be changed by that. */
static void
test_fifo (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  cover (&place, place.fifo, "a file", 6);
  assert_inside (&place, place.fifo, "a file", 6);
}

static void
test_sizes (void)
{
  const gsize sizes[] = { 0, 1, 4096, 5 * 1024 * 1024 };
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *content = g_malloc (sizes[i] + 1);
      memset (content, 'x', sizes[i]);
      cover (&place, place.file, content, sizes[i]);
      assert_inside (&place, place.file, content, sizes[i]);
    }
}

static void
assert_refused (Place      *place,
                const char *path,
                StError     code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  g_assert_false (st_transient_mntns_overlay_file (place->mnt, path, content, &error));
  g_assert_cmpuint (strlen (error->message), <, 1000);
  test_assert_failed (error, code, "");
}

static void
test_refused (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  g_autofree char *missing = g_build_filename (place.directory, "missing", NULL);
  g_autofree char *missing_directory = g_build_filename (place.directory, "missing", "file", NULL);
  g_autofree char *below_file = g_build_filename (place.file, "file", NULL);
  g_autofree char *slash = g_strconcat (place.directory, "/", NULL);
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autofree char *long_name = g_strconcat (place.directory, "/", filler, NULL);
  g_autoptr (GString) deep = g_string_new (place.directory);
  while (deep->len < 5000)
    g_string_append (deep, "/.");
  g_string_append (deep, "/file");
  assert_refused (&place, missing, ST_ERROR_NOT_FOUND);
  assert_refused (&place, missing_directory, ST_ERROR_NOT_FOUND);
  assert_refused (&place, below_file, ST_ERROR_NOT_FOUND);
  assert_refused (&place, place.directory, ST_ERROR_INVALID_ARGUMENT);
  assert_refused (&place, slash, ST_ERROR_INVALID_ARGUMENT);
  assert_refused (&place, "/", ST_ERROR_INVALID_ARGUMENT);
  assert_refused (&place, "file", ST_ERROR_INVALID_ARGUMENT);
  assert_refused (&place, "", ST_ERROR_INVALID_ARGUMENT);
  assert_refused (&place, long_name, ST_ERROR_INVALID_ARGUMENT);
  assert_refused (&place, deep->str, ST_ERROR_INVALID_ARGUMENT);
}

/* Others in the mount namespace see the file or the covered one, nothing else. */
static void
test_nothing_else_changes (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  cover (&place, place.file, "inside", 6);
  g_autofree char *path = path_inside (&place, place.directory);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  guint n = 0;
  while (g_dir_read_name (directory))
    n++;
  g_assert_cmpuint (n, ==, 4);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/overlay/regular", test_regular);
  test_add ("/overlay/write", test_write);
  test_add ("/overlay/link", test_link);
  test_add ("/overlay/fifo", test_fifo);
  test_add ("/overlay/sizes", test_sizes);
  test_add ("/overlay/refused", test_refused);
  test_add ("/overlay/nothing-else-changes", test_nothing_else_changes);
  return g_test_run ();
}
