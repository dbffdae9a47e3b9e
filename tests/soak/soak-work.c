/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "soak.h"

#include <string.h>
#include <unistd.h>

#define N_KINDS 5
#define FEW_OPERATIONS G_USEC_PER_SEC /* smaller than any time since the machine was started */

static const StNamespaceType kinds[N_KINDS] = {
  ST_NAMESPACE_CGROUP, ST_NAMESPACE_IPC, ST_NAMESPACE_UTS, ST_NAMESPACE_MNT, ST_NAMESPACE_NET,
};

void
check (const GError *error)
{
  if (error)
    g_error ("%s", error->message);
}

StNamespaceType
choose_kinds (Worker *self)
{
  const gint32 choice = g_rand_int_range (self->random, 1, 1 << N_KINDS);
  guint types = 0;
  for (int i = 0; i < N_KINDS; i++)
    if (choice & (1 << i))
      types |= kinds[i];
  return types;
}

StSpace *
make_space (StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StSpace *space = st_space_new_transient (types, &error);
  check (error);
  return space;
}

static char *
where (const char *kind)
{
  g_autofree char *path = g_strdup_printf ("/proc/thread-self/ns/%s", kind);
  char *name = g_file_read_link (path, NULL);
  g_assert_nonnull (name);
  return name;
}

/* In a space, the thread is where the space is. */
static gboolean
look_around (gpointer space,
             GError **error)
{
  for (int i = 0; i < N_KINDS; i++)
    if (st_space_get_types (space) & kinds[i])
      {
        g_autofree char *expected = st_namespace_ref_to_string (st_space_get_ref (space, kinds[i], NULL));
        g_autofree char *here = where (st_namespace_type_get_name (kinds[i]));
        g_assert_cmpstr (here, ==, expected);
      }
  return TRUE;
}

static void
make_one (Worker *self)
{
  g_autoptr (GError) error = NULL;
  const StNamespaceType type = kinds[g_rand_int_range (self->random, 0, N_KINDS)];
  StNamespaceRef *made = st_namespace_ref_new_transient (type, &error);
  check (error);
  g_mutex_lock (&self->common->lock);
  StNamespaceRef *other = self->common->left_luggage;
  self->common->left_luggage = made;
  g_mutex_unlock (&self->common->lock);
  g_clear_object (&other);
}

static void
visit (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) outer = make_space (choose_kinds (self));
  g_autoptr (StSpace) inner = make_space (choose_kinds (self));
  g_autoptr (StVisit) outside = st_space_enter (outer, &error);
  check (error);
  look_around (outer, NULL);
  g_autoptr (StVisit) inside = st_space_enter (inner, &error);
  check (error);
  look_around (inner, NULL);
  st_visit_leave (inside, &error);
  check (error);
  look_around (outer, NULL);
  st_visit_leave (outside, &error);
  check (error);
}

static void
visit_transient (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) stay = st_enter_transient (choose_kinds (self), &error);
  check (error);
  look_around (st_visit_get_space (stay), NULL);
  st_visit_leave (stay, &error);
  check (error);
}

static gboolean
fail (gpointer unused,
      GError **error)
{
  return FALSE;
}

static void
call (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = make_space (choose_kinds (self));
  st_space_call (space, look_around, space, &error);
  check (error);
  g_assert_false (st_space_call (space, fail, NULL, &error));
  g_assert_error (error, ST_ERROR, ST_ERROR_CALLBACK_FAILED);
}

static void
run (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = make_space (choose_kinds (self));
  for (int i = 0; i < 3; i++)
    {
      st_space_run_in_thread (space, look_around, space, NULL, &error);
      check (error);
    }
}

static void
keep_result (GObject      *unused,
             GAsyncResult *result,
             gpointer      kept)
{
  *(GAsyncResult **) kept = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (!*result)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  return *result;
}

/* Now and then, it is cancelled at once: before it runs, or too late. */
static void
run_async (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (StSpace) space = make_space (choose_kinds (self));
  st_space_run_in_thread_async (space, look_around, space, NULL, cancellable, keep_result, &result);
  if (g_rand_boolean (self->random))
    g_cancellable_cancel (cancellable);
  if (!st_space_run_in_thread_finish (space, wait_for (&result), &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
make_async (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  st_space_new_transient_async (choose_kinds (self), cancellable, keep_result, &result);
  if (g_rand_boolean (self->random))
    g_cancellable_cancel (cancellable);
  g_autoptr (StSpace) space = st_space_new_transient_finish (wait_for (&result), &error);
  if (!space)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
check_content (StTransientMntns *mntns,
               const char       *path,
               GBytes           *content)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
  check (error);
  g_autoptr (GBytes) found = st_mount_view_load (view, path, &error);
  check (error);
  g_assert_true (g_bytes_equal (found, content));
}

static void
mount_things (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup_printf ("%u", g_rand_int (self->random));
  g_autoptr (GBytes) content = g_bytes_new (text, strlen (text));
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  check (error);
  st_transient_mntns_mount_tmpfs (mntns, "/mnt", 1 << 20, &error);
  check (error);
  st_transient_mntns_overlay_file (mntns, "/etc/hostname", content, &error);
  check (error);
  check_content (mntns, "/etc/hostname", content);
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
  check (error);
  st_mount_view_replace (view, "/mnt/note", content, &error);
  check (error);
  check_content (mntns, "/mnt/note", content);
}

/* The same port for everybody. */
static void
listen_inside (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 8080);
  g_autoptr (StTransientNetns) netns = st_transient_netns_new (&error);
  check (error);
  g_autoptr (GSocket) listener =
    st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  check (error);
  if (!g_socket_bind (listener, address, FALSE, &error) || !g_socket_listen (listener, &error))
    check (error);
  g_autoptr (GSocket) netlink = st_space_create_netlink_socket (ST_SPACE (netns), 0, &error);
  check (error);
}

static void
take_from_pool (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = st_netns_pool_acquire (self->common->pool, &error);
  check (error);
  st_space_call (ST_SPACE (netns), look_around, netns, &error);
  check (error);
}

static gboolean
close_inside (gpointer ref,
              GError **error)
{
  st_namespace_ref_close (ref);
  return TRUE;
}

/* While a thread lives in it. */
static void
close_early (Worker *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = make_space (choose_kinds (self) | ST_NAMESPACE_UTS);
  StNamespaceRef *uts = st_space_get_ref (space, ST_NAMESPACE_UTS, NULL);
  st_space_run_in_thread (space, g_rand_boolean (self->random) ? close_inside : look_around, uts, NULL, &error);
  check (error);
  st_namespace_ref_close (uts);
  g_assert_false (st_space_run_in_thread (space, look_around, space, NULL, &error));
  g_assert_error (error, ST_ERROR, ST_ERROR_CLOSED);
}

static const struct
{
  const char *name;
  void (*run) (Worker *self);
} operations[] = {
  { "made, dropped by another thread", make_one },
  { "nested visits", visit },
  { "made and entered", visit_transient },
  { "calls", call },
  { "runs", run },
  { "asynchronous runs", run_async },
  { "made asynchronously", make_async },
  { "mounts and views", mount_things },
  { "sockets", listen_inside },
  { "taken from a pool", take_from_pool },
  { "closed while in use", close_early },
  { "spacers, with one below", use_spacer },
  { "one spacer for all", share_spacer },
  { "programs", run_program },
  { "programs that are left alone", leave_program },
  { "links", connect_two },
};

const guint soak_n_operations = G_N_ELEMENTS (operations);

const char *
soak_get_name (guint operation)
{
  return operations[operation].name;
}

static gboolean
goes_on (Worker *self)
{
  return self->deadline < FEW_OPERATIONS ? self->deadline-- > 0 : g_get_monotonic_time () < self->deadline;
}

static char *
describe_place (void)
{
  g_autoptr (GString) place = g_string_new (NULL);
  for (int i = 0; i < N_KINDS; i++)
    {
      g_autofree char *name = where (st_namespace_type_get_name (kinds[i]));
      g_string_append_printf (place, "%s ", name);
    }
  g_autofree char *cwd = g_file_read_link ("/proc/thread-self/cwd", NULL);
  g_autofree char *root = g_file_read_link ("/proc/thread-self/root", NULL);
  g_string_append_printf (place, "%s %s", cwd, root);
  return g_string_free (g_steal_pointer (&place), FALSE);
}

/* The thread is at home all the time, as far as it is not on a visit of its own. */
void
soak_work (Worker *self)
{
  g_autofree char *home = describe_place ();
  while (goes_on (self))
    {
      const guint operation = (guint) g_rand_int_range (self->random, 0, G_N_ELEMENTS (operations));
      operations[operation].run (self);
      self->counts[operation]++;
      g_autofree char *here = describe_place ();
      g_assert_cmpstr (here, ==, home);
    }
}
