/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "view-support.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/sysmacros.h>

/* Nothing is written where the host would see it. */

/* A directory of the host with one file in it, and its path for the functions that run inside. */
static char host[64];

static void
make_host (void)
{
  g_strlcpy (host, "/tmp/st-mount-view-XXXXXX", sizeof host);
  g_assert_nonnull (g_mkdtemp (host));
  g_autofree char *file = g_build_filename (host, "file", NULL);
  g_assert_true (g_file_set_contents (file, "host's", -1, NULL));
}

static void
assert_host_unchanged (void)
{
  g_autofree char *file = g_build_filename (host, "file", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GDir) directory = g_dir_open (host, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (directory), ==, "file");
  g_assert_null (g_dir_read_name (directory));
  g_assert_true (g_file_get_contents (file, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "host's");
}

static void
remove_host (void)
{
  g_autofree char *file = g_build_filename (host, "file", NULL);
  assert_host_unchanged ();
  g_assert_no_errno (g_unlink (file));
  g_assert_no_errno (g_rmdir (host));
}

static void
assert_open_refused (StMountView *view,
                     const char  *path,
                     int          flags)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (st_mount_view_open (view, path, flags, 0666, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "allow-host");
}

static void
assert_replace_refused (StMountView *view,
                        const char  *path)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (replace_text (view, path, "lost", &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "cannot replace");
}

/* @directory has one file in it, "file". */
static void
assert_refused (StMountView *view,
                const char  *directory)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_build_filename (directory, "file", NULL);
  g_autofree char *new_file = g_build_filename (directory, "new", NULL);
  static const int flags[] = { O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDONLY | O_APPEND, O_WRONLY | O_CREAT | O_TRUNC, O_RDONLY | O_CREAT };
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    assert_open_refused (view, file, flags[i]);
  assert_open_refused (view, new_file, O_RDWR | O_CREAT | O_EXCL);
  assert_open_refused (view, directory, O_RDWR | O_TMPFILE);
  assert_replace_refused (view, file);
  assert_replace_refused (view, new_file);

  int fd = st_mount_view_open (view, file, O_RDONLY, 0, &error);
  g_assert_no_error (error);
  close (fd);
  assert_list (view, directory, "file");
}

static void
assert_written (StMountView *view,
                const char  *path)
{
  g_autoptr (GError) error = NULL;
  replace_text (view, path, "written", &error);
  g_assert_no_error (error);
  assert_content (view, path, "written");
  int fd = st_mount_view_open (view, path, O_RDWR | O_CREAT, 0644, &error);
  g_assert_no_error (error);
  close (fd);
}

static void
test_shared (void)
{
  g_autoptr (GError) error = NULL;
  int notified = 0;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  make_host ();
  assert_refused (inside.view, host);
  assert_host_unchanged ();

  g_autofree char *new_file = g_build_filename (host, "new", NULL);
  g_signal_connect (inside.view, "notify::allow-host", G_CALLBACK (test_count), &notified);
  st_mount_view_set_allow_host (inside.view, TRUE);
  st_mount_view_set_allow_host (inside.view, 2);
  g_assert_cmpint (notified, ==, 1);
  assert_written (inside.view, new_file);
  g_assert_no_errno (g_unlink (new_file));
  g_object_set (inside.view, "allow-host", FALSE, NULL);
  g_assert_false (st_mount_view_get_allow_host (inside.view));
  assert_refused (inside.view, host);
  remove_host ();
}

static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) mnt = st_namespace_ref_new_current (ST_NAMESPACE_MNT, &error);
  g_autoptr (StMountView) view = st_mount_view_new (mnt, &error);
  g_assert_no_error (error);
  make_host ();
  assert_refused (view, host);
  remove_host ();
}

static void
bind_both_ways (void)
{
  g_assert_no_errno (mkdir ("/mnt/bound", 0755));
  g_assert_no_errno (mount (host, "/mnt/bound", NULL, MS_BIND, NULL));
  g_assert_no_errno (mkdir ("/mnt/private", 0755));
  g_assert_no_errno (symlink ("/mnt/bound/file", "/mnt/to-host"));
  g_assert_no_errno (symlink ("/mnt/bound/new", "/mnt/to-host-new"));
  g_assert_no_errno (mkdir ("/mnt/over-host", 0755));
  g_assert_no_errno (mount ("/mnt/private", host, NULL, MS_BIND, NULL));
}

static void
test_bind_mount (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  make_host ();
  run_inside (inside.mntns, bind_both_ways);
  g_autofree char *over_host = g_build_filename (host, "new", NULL);
  assert_refused (inside.view, "/mnt/bound");
  assert_replace_refused (inside.view, "/mnt/to-host");
  assert_replace_refused (inside.view, "/mnt/to-host-new");
  assert_open_refused (inside.view, "/mnt/to-host-new", O_WRONLY | O_CREAT);
  assert_written (inside.view, over_host); /* the same path, but nothing of the host's */
  assert_list (inside.view, "/mnt/private", "new");
  remove_host ();
}

static int overlay_errno;

static void
mount_overlay (const char *point,
               const char *directory)
{
  g_autofree char *upper = g_build_filename (directory, "upper", NULL);
  g_autofree char *work = g_build_filename (directory, "work", NULL);
  g_autofree char *options = g_strdup_printf ("lowerdir=%s,upperdir=%s,workdir=%s%s", host, upper, work,
                                              test_is_real_root () ? "" : ",userxattr");
  g_assert_no_errno (mkdir (point, 0755));
  g_assert_no_errno (mkdir (upper, 0755));
  g_assert_no_errno (mkdir (work, 0755));
  overlay_errno = mount ("overlay", point, "overlay", 0, options) < 0 ? errno : 0;
}

static void
mount_private_overlay (void)
{
  g_assert_no_errno (mkdir ("/mnt/some layers", 0755)); /* the mount table escapes the space */
  mount_overlay ("/mnt/overlay", "/mnt/some layers");
}

static void
hide_upper (void)
{
  g_assert_no_errno (mount ("tmpfs", "/mnt/some layers", "tmpfs", 0, NULL));
}

static gboolean
has_overlay (void)
{
  g_autofree char *reason = g_strdup_printf ("no overlayfs here: %s", g_strerror (overlay_errno));
  if (overlay_errno)
    test_skip (reason);
  return overlay_errno == 0;
}

static void
test_private_overlay (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  make_host ();
  run_inside (inside.mntns, mount_private_overlay);
  if (has_overlay ())
    {
      assert_written (inside.view, "/mnt/overlay/new");
      assert_written (inside.view, "/mnt/overlay/file"); /* which was of the lower layer */
      run_inside (inside.mntns, hide_upper);
      assert_replace_refused (inside.view, "/mnt/overlay/new");
    }
  remove_host ();
}

static char outer[64]; /* a directory of the host that holds the layers */

static void
mount_overlay_on_host (void)
{
  mount_overlay ("/mnt/overlay", outer);
}

static void
remove_layers (void)
{
  static const char *const names[] = { "work/work", "work", "upper" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (outer, names[i], NULL);
      g_rmdir (path); /* fails if something was written */
    }
  g_assert_no_errno (g_rmdir (outer));
}

/* Its upper directory is one of the host: what is written inside appears there. */
static void
test_overlay_on_host (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  make_host ();
  g_strlcpy (outer, "/tmp/st-mount-view-XXXXXX", sizeof outer);
  g_assert_nonnull (g_mkdtemp (outer));
  run_inside (inside.mntns, mount_overlay_on_host);
  if (has_overlay ())
    assert_refused (inside.view, "/mnt/overlay");
  inside_clear (&inside); /* unmounts it */
  remove_layers ();
  remove_host ();
}

static void
make_device (void)
{
  g_assert_no_errno (mount (NULL, "/mnt", NULL, MS_REMOUNT | MS_BIND, NULL)); /* without nodev */
  g_assert_no_errno (mknod ("/mnt/null", S_IFCHR | 0666, makedev (1, 3)));
}

static void
test_device (void)
{
  if (!test_needs_real_root ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_device);
  assert_open_refused (inside.view, "/mnt/null", O_WRONLY);
  st_mount_view_set_allow_host (inside.view, TRUE);
  g_autoptr (GError) error = NULL;
  int fd = st_mount_view_open (inside.view, "/mnt/null", O_WRONLY, 0, &error);
  g_assert_no_error (error);
  close (fd);
}

static void
mount_another_proc (void)
{
  g_assert_no_errno (mkdir ("/mnt/proc", 0755));
  g_assert_no_errno (mount ("/proc", "/mnt/proc", NULL, MS_BIND | MS_REC, NULL));
}

/* Through a procfs inside, one would rename the host: it asks who writes, not where. */
static void
test_kernel_interface (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL, *after = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  g_file_get_contents ("/proc/sys/kernel/hostname", &before, NULL, NULL);
  run_inside (inside.mntns, mount_another_proc);
  assert_open_refused (inside.view, "/mnt/proc/sys/kernel/hostname", O_WRONLY);
  if (st_transient_mntns_mount_proc (inside.mntns, &error)) /* in a user namespace it may be refused */
    assert_open_refused (inside.view, "/proc/sys/kernel/hostname", O_WRONLY | O_TRUNC);
  assert_replace_refused (inside.view, "/proc/sys/kernel/hostname");
  g_file_get_contents ("/proc/sys/kernel/hostname", &after, NULL, NULL);
  g_assert_cmpstr (before, ==, after);
}

/* On a visit to the view's own namespace, the host is still what it was. */
static void
test_on_a_visit (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  make_host ();
  {
    ST_VISIT_SCOPE (ST_SPACE (inside.mntns), &error);
    g_assert_no_error (error);
    assert_written (inside.view, "/mnt/note");
    assert_refused (inside.view, host);
  }
  remove_host ();
}

/* What a caller sees where it is on a visit is the host's too. */
static void
test_on_a_visit_elsewhere (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientMntns) copy = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  make_host ();
  {
    ST_VISIT_SCOPE (ST_SPACE (inside.mntns), &error);
    g_assert_no_error (error);
    copy = st_transient_mntns_new (&error);
    g_assert_no_error (error);
  }
  assert_written (inside.view, "/mnt/note");
  {
    ST_VISIT_SCOPE (ST_SPACE (copy), &error);
    g_assert_no_error (error);
    assert_replace_refused (inside.view, "/mnt/note");
    assert_refused (inside.view, host);
  }
  remove_host ();
}

static char jail[64];

/* The directory is no mount point, so the mount table shows nothing but what is mounted below. */
static void
write_from_chroot (gpointer data)
{
  test_change_root (jail);
  assert_refused (data, "/mnt/bound");
  assert_written (data, "/mnt/note");
  assert_content (data, "/mnt/bound/file", "host's");
}

static void
test_from_chroot (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  make_host ();
  run_inside (inside.mntns, bind_both_ways);
  g_strlcpy (jail, "/tmp/st-mount-view-XXXXXX", sizeof jail);
  g_assert_nonnull (g_mkdtemp (jail));
  g_autofree char *proc = g_build_filename (jail, "proc", NULL);
  g_assert_no_errno (g_mkdir (proc, 0755));
  test_in_child (write_from_chroot, inside.view);
  g_assert_no_errno (g_rmdir (proc));
  g_assert_no_errno (g_rmdir (jail));
  remove_host ();
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/mount-view/host/shared", test_shared);
  test_add ("/mount-view/host/own", test_own);
  test_add ("/mount-view/host/bind-mount", test_bind_mount);
  test_add ("/mount-view/host/private-overlay", test_private_overlay);
  test_add ("/mount-view/host/overlay-on-host", test_overlay_on_host);
  test_add ("/mount-view/host/device", test_device);
  test_add ("/mount-view/host/kernel-interface", test_kernel_interface);
  test_add ("/mount-view/host/on-a-visit", test_on_a_visit);
  test_add ("/mount-view/host/on-a-visit-elsewhere", test_on_a_visit_elsewhere);
  test_add ("/mount-view/host/from-chroot", test_from_chroot);
  return g_test_run ();
}
