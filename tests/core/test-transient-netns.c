/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const StNamespaceType kinds[] = {
  ST_NAMESPACE_CGROUP, ST_NAMESPACE_IPC, ST_NAMESPACE_MNT, ST_NAMESPACE_NET, ST_NAMESPACE_UTS,
};

/* SPACE-18, NET-06 */
static void
test_each_kind (void)
{
  if (!test_needs_privilege ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *name = st_namespace_type_get_name (kinds[i]);
      g_autofree char *home = test_where (name);
      g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient (kinds[i], &error);
      g_assert_no_error (error);
      g_assert_cmpint (st_namespace_ref_get_namespace_type (ref), ==, kinds[i]);
      g_autofree char *made = st_namespace_ref_to_string (ref);
      g_assert_cmpstr (made, !=, home);
      test_assert_where (name, home);
      g_assert_true (ST_IS_TRANSIENT_NETNS (ref) == (kinds[i] == ST_NAMESPACE_NET));
      g_assert_true (ST_IS_TRANSIENT_MNTNS (ref) == (kinds[i] == ST_NAMESPACE_MNT));
    }
}

static void
test_all_kinds (void)
{
  g_autoptr (GError) error = NULL;
  guint types = 0;
  if (!test_needs_privilege ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    types |= kinds[i];
  g_autoptr (StSpace) space = st_space_new_transient (types, &error);
  g_assert_no_error (error);
  g_assert_true (st_space_get_types (space) == types);
  g_assert_true (ST_IS_TRANSIENT_NETNS (st_space_get_ref (space, ST_NAMESPACE_NET, NULL)));
  g_assert_true (ST_IS_TRANSIENT_MNTNS (st_space_get_ref (space, ST_NAMESPACE_MNT, NULL)));
}

/* Whoever wants to make one without permission is told so, and stays where he is. */
static void
test_forbidden (void)
{
  if (!test_needs_no_privilege ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *step = g_strdup_printf ("cannot create %s namespace: Operation not permitted", st_namespace_type_get_name (kinds[i]));
      test_assert_not_made (st_namespace_ref_new_transient (kinds[i], &error), error, ST_ERROR_PERMISSION_DENIED, step);
      test_assert_not_made (st_space_new_transient (kinds[i], &error), error, ST_ERROR_PERMISSION_DENIED, step);
      test_assert_not_made (st_enter_transient (kinds[i], &error), error, ST_ERROR_PERMISSION_DENIED, "spacetest run");
    }
}

/* NET-04: for threads it is one, too */
static void
test_one_descriptor (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (GStrv) before = test_collect_traces ();
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_auto (GStrv) after = test_collect_traces ();
  g_autofree char *made = st_namespace_ref_to_string (ST_NAMESPACE_REF (net));
  g_autofree char *line = g_strdup_printf ("descriptor %d %s", st_namespace_ref_peek_fd (ST_NAMESPACE_REF (net), &error), made);
  g_assert_cmpuint (g_strv_length (after), ==, g_strv_length (before) + 1);
  g_assert_true (g_strv_contains ((const char *const *) after, line));
  st_namespace_ref_close (ST_NAMESPACE_REF (net));
  test_assert_traces (before);
}

/* What an interface inside is like. */
typedef struct
{
  guint n;
  char name[IF_NAMESIZE];
  gboolean up;
} Interfaces;

static gboolean
list_interfaces (gpointer data,
                 GError **error)
{
  Interfaces *seen = data;
  struct ifreq request = { .ifr_name = "lo" };
  struct if_nameindex *list = if_nameindex ();
  for (struct if_nameindex *item = list; item->if_name; item++)
    {
      seen->n++;
      g_strlcpy (seen->name, item->if_name, sizeof seen->name);
    }
  if_freenameindex (list);
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (ioctl (fd, SIOCGIFFLAGS, &request));
  close (fd);
  seen->up = (request.ifr_flags & IFF_UP) != 0;
  return TRUE;
}

static void
assert_loopback (StTransientNetns *net,
                 gboolean          up)
{
  g_autoptr (GError) error = NULL;
  Interfaces seen = { 0 };
  g_assert_true (st_space_call (ST_SPACE (net), list_interfaces, &seen, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen.n, ==, 1);
  g_assert_cmpstr (seen.name, ==, "lo");
  g_assert_cmpint (seen.up, ==, up);
  g_assert_cmpint (st_transient_netns_get_loopback_up (net), ==, up);
}

static void
test_loopback (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) usual = st_transient_netns_new (&error);
  g_assert_no_error (error);
  assert_loopback (usual, TRUE);
  g_autoptr (StTransientNetns) down = g_initable_new (ST_TYPE_TRANSIENT_NETNS, NULL, &error, "loopback-up", FALSE, NULL);
  g_assert_no_error (error);
  assert_loopback (down, FALSE);
  g_assert_true (g_initable_init (G_INITABLE (usual), NULL, &error)); /* once more changes nothing */
  assert_loopback (usual, TRUE);
}

static gboolean
bind_port (gpointer data,
           GError **error)
{
  struct sockaddr_in address = { AF_INET, htons (80), { htonl (INADDR_LOOPBACK) } };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (fd, 1));
  *(int *) data = fd;
  return TRUE;
}

/* Every port is free in each of them, the low ones too. */
static void
test_free_ports (void)
{
  int sockets[3];
  if (!test_needs_privilege ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (sockets); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
      g_assert_true (st_space_call (ST_SPACE (net), bind_port, &sockets[i], &error));
      g_assert_no_error (error);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (sockets); i++)
    g_assert_no_errno (close (sockets[i]));
}

static void
on_result (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
await (GAsyncResult **result)
{
  while (!*result)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
test_async (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) net_result = NULL, ref_result = NULL, space_result = NULL, mnt_result = NULL;
  if (!test_needs_privilege ())
    return;
  st_transient_netns_new_async (NULL, on_result, &net_result);
  st_transient_mntns_new_async (NULL, on_result, &mnt_result);
  st_namespace_ref_new_transient_async (ST_NAMESPACE_UTS, NULL, on_result, &ref_result);
  st_space_new_transient_async (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, NULL, on_result, &space_result);
  g_autoptr (StTransientNetns) net = st_transient_netns_new_finish (await (&net_result), &error);
  g_assert_no_error (error);
  g_autoptr (StTransientMntns) mnt = st_transient_mntns_new_finish (await (&mnt_result), &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient_finish (await (&ref_result), &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) space = st_space_new_transient_finish (await (&space_result), &error);
  g_assert_no_error (error);
  assert_loopback (net, TRUE);
  g_assert_cmpint (st_namespace_ref_get_namespace_type (ST_NAMESPACE_REF (mnt)), ==, ST_NAMESPACE_MNT);
  g_assert_cmpint (st_namespace_ref_get_namespace_type (ref), ==, ST_NAMESPACE_UTS);
  g_assert_true (st_space_get_types (space) == (ST_NAMESPACE_NET | ST_NAMESPACE_MNT));
}

static void
test_async_failures (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL, wrong_type = NULL;
  g_cancellable_cancel (cancelled);
  st_transient_netns_new_async (cancelled, on_result, &result);
  g_assert_null (result);
  g_assert_null (st_transient_netns_new_finish (await (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  test_assert_not_made (st_transient_netns_new_finish (result, &error), error, ST_ERROR_INVALID_ARGUMENT, "taken already");
  st_space_new_transient_async (ST_NAMESPACE_TIME, NULL, on_result, &wrong_type);
  g_assert_null (wrong_type);
  test_assert_not_made (st_transient_netns_new_finish (await (&wrong_type), &error), error, ST_ERROR_INVALID_ARGUMENT, "not of this call");
  test_assert_not_made (st_space_new_transient_finish (wrong_type, &error), error, ST_ERROR_NOT_SUPPORTED, "time");
}

/* NET-03: it knows which one it is; two are two. */
static void
test_identity (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNamespaceRef) one = st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error);
  g_autoptr (StNamespaceRef) two = st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error);
  g_autoptr (StVisit) visit = st_space_enter (ST_SPACE (one), &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) here = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_true (st_namespace_ref_equal (here, one));
  g_assert_false (st_namespace_ref_equal (here, two));
  g_assert_true (st_visit_leave (visit, &error));
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/transient/each-kind/SPACE-18", test_each_kind);
  test_add ("/transient/all-kinds", test_all_kinds);
  test_add ("/transient/forbidden", test_forbidden);
  test_add ("/transient/one-descriptor/NET-04", test_one_descriptor);
  test_add ("/transient/async", test_async);
  test_add ("/transient/async-failures", test_async_failures);
  test_add ("/transient-netns/loopback", test_loopback);
  test_add ("/transient-netns/free-ports", test_free_ports);
  test_add ("/transient-netns/identity/NET-03", test_identity);
  return g_test_run ();
}
