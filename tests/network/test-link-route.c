/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Routes and neighbours. */
#include "link-support.h"

#include <gio/gio.h>

/* Texts of what a list has, with a semicolon after each. */
static char *
join (GPtrArray *list,
      char    *(*to_string) (gpointer item))
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < list->len; i++)
    {
      g_autofree char *one = to_string (list->pdata[i]);
      g_string_append_printf (text, "%s; ", one);
    }
  return g_string_free (text, FALSE);
}

static char *
route_to_string (gpointer item)
{
  return st_route_to_string (item);
}

static char *
neighbour_to_string (gpointer item)
{
  return st_neighbour_to_string (item);
}

static void
assert_routes (StLink     *link,
               const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) routes = st_link_list_routes (link, &error);
  g_assert_no_error (error);
  g_autofree char *text = join (routes, route_to_string);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_neighbours (StLink     *link,
                   const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) neighbours = st_link_list_neighbours (link, &error);
  g_assert_no_error (error);
  g_autofree char *text = join (neighbours, neighbour_to_string);
  g_assert_cmpstr (text, ==, expected);
}

static StLink *
make_ready_cable (StTransientNetns *netns)
{
  StLink *cable = make_cable (netns, "a", netns, "b");
  g_autoptr (StLink) peer = get_peer (cable);
  g_autoptr (GError) error = NULL;
  assert_done (st_link_set_mac (cable, "02:00:00:00:00:01", &error));
  prepare_end (cable, "10.0.0.1/24");
  prepare_end (peer, NULL);
  assert_done (st_link_add_address (cable, "fd00::1/64", &error));
  wait_for_end (cable);
  return cable;
}

static void
test_routes (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_ready_cable (netns);
  assert_routes (cable, "10.0.0.0/24; fd00::/64; fe80::/64; ");
  assert_done (st_link_add_route (cable, "10.1.0.0/16", "10.0.0.2", &error));
  assert_done (st_link_add_route (cable, "10.2.0.0/16", NULL, &error));
  assert_done (st_link_add_route (cable, "10.3.0.1", "10.0.0.2", &error));
  assert_done (st_link_add_route (cable, "default", "10.0.0.2", &error));
  assert_done (st_link_add_route (cable, "default", "fd00::2", &error));
  assert_done (st_link_add_route (cable, "fd01::/64", NULL, &error));
  assert_refused (st_link_add_route (cable, "10.1.0.0/16", "10.0.0.2", &error), ST_ERROR_EXISTS, "10.1.0.0/16 via 10.0.0.2");
  assert_refused (st_link_add_route (cable, "::/0", "fd00::2", &error), ST_ERROR_EXISTS, "::/0");
  assert_routes (cable, "0.0.0.0/0 via 10.0.0.2; 10.0.0.0/24; 10.1.0.0/16 via 10.0.0.2; 10.2.0.0/16; 10.3.0.1/32 via 10.0.0.2; "
                        "fd00::/64; fd01::/64; fe80::/64; ::/0 via fd00::2; ");
  assert_done (st_link_remove_route (cable, "10.1.0.0/16", "10.0.0.2", &error));
  assert_done (st_link_remove_route (cable, "10.2.0.0/16", NULL, &error));
  assert_done (st_link_remove_route (cable, "10.3.0.1/32", NULL, &error));
  assert_done (st_link_remove_route (cable, "default", NULL, &error));
  assert_done (st_link_remove_route (cable, "::/0", "fd00::2", &error));
  assert_done (st_link_remove_route (cable, "fd01::/64", NULL, &error));
  assert_routes (cable, "10.0.0.0/24; fd00::/64; fe80::/64; ");
  assert_refused (st_link_remove_route (cable, "default", NULL, &error), ST_ERROR_NOT_FOUND, "cannot remove the default route from");
}

static void
test_details (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_ready_cable (netns);
  assert_done (st_link_add_route (cable, "fd01::/64", "fd00::2", &error));
  g_autoptr (GPtrArray) routes = st_link_list_routes (cable, &error);
  g_assert_no_error (error);
  g_autofree char *destination = NULL;
  g_autofree char *gateway = NULL;
  guint metric = 0;
  g_object_get (routes->pdata[2], "destination", &destination, "gateway", &gateway, "metric", &metric, NULL);
  g_assert_cmpstr (destination, ==, "fd01::/64");
  g_assert_cmpstr (st_route_get_destination (routes->pdata[2]), ==, "fd01::/64");
  g_assert_cmpstr (gateway, ==, "fd00::2");
  g_assert_cmpstr (st_route_get_gateway (routes->pdata[2]), ==, "fd00::2");
  g_assert_cmpuint (metric, ==, 1024);
  g_assert_cmpuint (st_route_get_metric (routes->pdata[2]), ==, 1024);
  g_assert_null (st_route_get_gateway (routes->pdata[0]));
}

static void
test_no_way (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_ready_cable (netns);
  g_autoptr (StLink) down = make_cable (netns, "c", netns, "d");
  assert_refused (st_link_add_route (cable, "10.1.0.0/16", "10.9.9.9", &error), ST_ERROR_INVALID_ARGUMENT, "no way to the gateway");
  assert_refused (st_link_add_route (cable, "fd01::/64", "fd09::1", &error), ST_ERROR_INVALID_ARGUMENT, "no way to the gateway");
  assert_refused (st_link_add_route (cable, "10.1.0.0/16", "fd00::2", &error), ST_ERROR_INVALID_ARGUMENT, "IPv6");
  assert_refused (st_link_add_route (cable, "10.1.2.3/16", NULL, &error), ST_ERROR_INVALID_ARGUMENT, "10.1.2.3/16");
  assert_refused (st_link_add_route (cable, "10.1.0.0/33", NULL, &error), ST_ERROR_INVALID_ARGUMENT, "prefix");
  assert_refused (st_link_add_route (cable, "nowhere", NULL, &error), ST_ERROR_INVALID_ARGUMENT, "nowhere");
  assert_refused (st_link_add_route (cable, "default", "10.0.0.2/24", &error), ST_ERROR_INVALID_ARGUMENT, "10.0.0.2/24");
  assert_refused (st_link_add_route (cable, "default", "", &error), ST_ERROR_INVALID_ARGUMENT, "no address");
  assert_refused (st_link_add_route (down, "10.4.0.0/16", NULL, &error), ST_ERROR_FAILED, "bring the link up first");
  assert_done (st_link_delete (down, &error));
  assert_refused (st_link_add_route (down, "10.4.0.0/16", NULL, &error), ST_ERROR_STALE, "gone");
  test_assert_not_made (st_link_list_routes (down, &error), error, ST_ERROR_STALE, "gone");
  assert_routes (cable, "10.0.0.0/24; fd00::/64; fe80::/64; ");
}

static void
test_neighbours (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_ready_cable (netns);
  assert_neighbours (cable, "");
  assert_done (st_link_add_neighbour (cable, "10.0.0.2", "02:00:00:00:00:02", &error));
  assert_neighbours (cable, "10.0.0.2 at 02:00:00:00:00:02; ");
  assert_done (st_link_add_neighbour (cable, "10.0.0.2", "02:00:00:00:00:03", &error));
  assert_neighbours (cable, "10.0.0.2 at 02:00:00:00:00:03; ");
  assert_done (st_link_add_neighbour (cable, "fd00::2", "02:00:00:00:00:02", &error));
  g_autoptr (GPtrArray) neighbours = st_link_list_neighbours (cable, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (neighbours->len, ==, 2);
  g_assert_true (st_neighbour_is_permanent (neighbours->pdata[0]));
  g_assert_nonnull (st_neighbour_get_address (neighbours->pdata[0]));
  g_assert_nonnull (st_neighbour_get_mac (neighbours->pdata[0]));
  assert_done (st_link_remove_neighbour (cable, "fd00::2", &error));
  assert_done (st_link_remove_neighbour (cable, "10.0.0.2", &error));
  assert_neighbours (cable, "");
  assert_refused (st_link_remove_neighbour (cable, "10.0.0.2", &error), ST_ERROR_NOT_FOUND, "10.0.0.2");
  assert_refused (st_link_add_neighbour (cable, "10.0.0.2/24", "02:00:00:00:00:02", &error), ST_ERROR_INVALID_ARGUMENT, "no prefix");
  assert_refused (st_link_add_neighbour (cable, "10.0.0.2", "02", &error), ST_ERROR_INVALID_ARGUMENT, "MAC");
}

static void
test_unmade (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StLink) link = g_object_new (ST_TYPE_LINK, NULL);
  g_autoptr (StRoute) route = g_object_new (ST_TYPE_ROUTE, NULL);
  g_autoptr (StNeighbour) neighbour = g_object_new (ST_TYPE_NEIGHBOUR, NULL);
  g_autofree char *route_text = st_route_to_string (route);
  g_autofree char *neighbour_text = st_neighbour_to_string (neighbour);
  g_assert_cmpstr (route_text, ==, "no route");
  g_assert_cmpstr (neighbour_text, ==, "no neighbour");
  g_assert_null (st_route_get_destination (route));
  g_assert_null (st_neighbour_get_address (neighbour));
  assert_refused (st_link_add_route (link, "default", "10.0.0.1", &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_remove_route (link, "default", NULL, &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_add_neighbour (link, "10.0.0.1", "02:00:00:00:00:02", &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_remove_neighbour (link, "10.0.0.1", &error), ST_ERROR_CLOSED, "constructor");
  test_assert_not_made (st_link_list_routes (link, &error), error, ST_ERROR_CLOSED, "constructor");
  test_assert_not_made (st_link_list_neighbours (link, &error), error, ST_ERROR_CLOSED, "constructor");
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/link-route/routes", test_routes);
  test_add ("/link-route/details", test_details);
  test_add ("/link-route/no-way", test_no_way);
  test_add ("/link-route/neighbours", test_neighbours);
  test_add ("/link-route/unmade", test_unmade);
  return g_test_run ();
}
