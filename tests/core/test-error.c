/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

static const struct
{
  StError code;
  const char *nick;
} codes[] = {
  { ST_ERROR_FAILED, "failed" },
  { ST_ERROR_PERMISSION_DENIED, "permission-denied" },
  { ST_ERROR_NOT_SUPPORTED, "not-supported" },
  { ST_ERROR_NOT_FOUND, "not-found" },
  { ST_ERROR_NOT_A_NAMESPACE, "not-a-namespace" },
  { ST_ERROR_WRONG_TYPE, "wrong-type" },
  { ST_ERROR_WRONG_THREAD, "wrong-thread" },
  { ST_ERROR_WRONG_ORDER, "wrong-order" },
  { ST_ERROR_CLOSED, "closed" },
  { ST_ERROR_STALE, "stale" },
  { ST_ERROR_INVALID_ARGUMENT, "invalid-argument" },
  { ST_ERROR_EXHAUSTED, "exhausted" },
  { ST_ERROR_WOULD_TOUCH_HOST, "would-touch-host" },
  { ST_ERROR_CALLBACK_FAILED, "callback-failed" },
  { ST_ERROR_HELPER_FAILED, "helper-failed" },
  { ST_ERROR_PROTOCOL, "protocol" },
  { ST_ERROR_NO_RETURN, "no-return" },
  { ST_ERROR_EXISTS, "exists" },
};

static void
test_domain (void)
{
  g_assert_cmpstr (g_quark_to_string (ST_ERROR), ==, "st-error-quark");
  g_assert_cmpuint (ST_ERROR, ==, st_error_quark ());
}

/* Numbers are part of the ABI: a new code goes to the end. */
static void
test_codes (void)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (ST_TYPE_ERROR);
  g_assert_cmpuint (klass->n_values, ==, G_N_ELEMENTS (codes));
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_assert_cmpuint (codes[i].code, ==, i);
      g_assert_cmpint (g_enum_get_value_by_nick (klass, codes[i].nick)->value, ==, (int) i);
    }
}

/* OPS-01: domain and code tell what happened; the text says step, kind, errno and cure. */
static void
test_message (void)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_path ("/foobar", ST_NAMESPACE_NONE, &error), error, ST_ERROR_NOT_FOUND,
                  "cannot open namespace /foobar: No such file or directory");
  test_assert_not_made (st_namespace_ref_new_for_fd (-1, ST_NAMESPACE_NONE, &error), error, ST_ERROR_INVALID_ARGUMENT,
                  "cannot use descriptor -1 as a namespace: Bad file descriptor (not an open descriptor)");
}

static void
transient_without_privilege (gpointer data)
{
  g_autoptr (GError) error = NULL;
  test_drop_capabilities ();
  test_assert_not_made (st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error), error, ST_ERROR_PERMISSION_DENIED,
                  "uts namespace: Operation not permitted (no CAP_SYS_ADMIN; run under \"spacetest run\", or see docs: privileges)");
}

static void
test_cure (void)
{
  test_in_child (transient_without_privilege, NULL);
}

static void
test_nobody_listens (void)
{
  g_assert_null (st_namespace_ref_new_for_path ("/foobar", ST_NAMESPACE_NONE, NULL));
  g_assert_null (st_namespace_ref_new_for_path ("/proc/thread-self/ns/net", ST_NAMESPACE_MNT, NULL));
  g_assert_null (st_namespace_ref_new_for_fd (-1, ST_NAMESPACE_NONE, NULL));
  g_assert_null (st_namespace_ref_new_take_fd (-1, ST_NAMESPACE_NONE, NULL));
  g_assert_null (st_namespace_ref_new_for_pid (-1, ST_NAMESPACE_NET, NULL));
  g_assert_null (st_namespace_ref_new_current (ST_NAMESPACE_NONE, NULL));
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/error/domain", test_domain);
  test_add ("/error/codes", test_codes);
  test_add ("/error/OPS-01/message", test_message);
  test_add ("/error/OPS-01/cure", test_cure);
  test_add ("/error/nobody-listens", test_nobody_listens);
  return g_test_run ();
}
