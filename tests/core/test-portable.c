/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static GVariant *
describe (StNamespaceRef *ref)
{
  g_autoptr (GError) error = NULL;
  GVariant *portable = st_namespace_ref_to_portable (ref, &error);
  g_assert_no_error (error);
  g_assert_false (g_variant_is_floating (portable));
  return portable;
}

/* @value replaces what is at @key; NULL leaves it out. */
static GVariant *
change (GVariant   *portable,
        const char *key,
        GVariant   *value)
{
  g_auto (GVariantDict) dict;
  g_variant_dict_init (&dict, portable);
  if (value)
    g_variant_dict_insert_value (&dict, key, value);
  else
    g_variant_dict_remove (&dict, key);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
check_refused (GVariant   *portable,
               int         code,
               const char *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_from_portable (portable, &error), error, code, words);
}

static void
check_changed (GVariant   *portable,
               const char *key,
               GVariant   *value,
               int         code,
               const char *words)
{
  g_autoptr (GVariant) changed = change (portable, key, value);
  check_refused (changed, code, words);
}

/* PORT-07, without the search */
static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  const StNamespaceType kinds[] = {
    ST_NAMESPACE_CGROUP, ST_NAMESPACE_IPC, ST_NAMESPACE_MNT, ST_NAMESPACE_NET,
    ST_NAMESPACE_PID, ST_NAMESPACE_TIME, ST_NAMESPACE_USER, ST_NAMESPACE_UTS,
  };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (StNamespaceRef) ref = test_open_current (kinds[i]);
      g_autoptr (GVariant) portable = describe (ref);
      g_autofree char *text = g_variant_print (portable, TRUE);
      g_autoptr (GVariant) parsed = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);
      g_assert_no_error (error);
      g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (parsed, &error);
      g_assert_no_error (error);
      g_assert_true (st_namespace_ref_equal (ref, opened));
      g_assert_cmphex (st_namespace_ref_get_namespace_type (opened), ==, kinds[i]);
    }
}

static void
test_floating (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  GVariantDict dict;
  g_variant_dict_init (&dict, portable);
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (g_variant_dict_end (&dict), &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, opened));
}

/* PORT-03: the descriptor is something else by now. PORT-04: the kind differs. PORT-05: the number differs. */
static void
test_stale (void)
{
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) uts = test_open_current (ST_NAMESPACE_UTS);
  g_autoptr (GVariant) portable = describe (ref);
  const char *words = "does not hold";
  const int other = open ("/dev/null", O_RDWR | O_CLOEXEC);
  check_changed (portable, "fd", g_variant_new_int32 (other), ST_ERROR_STALE, words);
  check_changed (portable, "fd", g_variant_new_int32 (st_namespace_ref_peek_fd (uts, NULL)), ST_ERROR_STALE, words);
  close (other);
  check_changed (portable, "fd", g_variant_new_int32 (other), ST_ERROR_STALE, words);
  check_changed (portable, "kind", g_variant_new_string ("mnt"), ST_ERROR_STALE, words);
  check_changed (portable, "inode", g_variant_new_uint64 (1), ST_ERROR_STALE, "does not hold net:[1] any more");
  check_changed (portable, "device", g_variant_new_uint64 (0), ST_ERROR_STALE, words);
}

static void
test_closed (void)
{
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  st_namespace_ref_close (ref);
  check_refused (portable, ST_ERROR_STALE, "does not hold");
}

/* The serial decides where there is one; a description without it is as good as its numbers. */
static void
test_serial (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  g_autoptr (GVariant) without = change (portable, "serial", NULL);
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (without, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, opened));
  check_changed (portable, "serial", g_variant_new_uint64 (G_MAXUINT64), ST_ERROR_STALE, "does not hold");
}

/* PORT-06 */
static void
test_process (void)
{
  guint64 start_time;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  g_assert_true (g_variant_lookup (portable, "start-time", "t", &start_time));
  check_changed (portable, "pid", g_variant_new_int32 (-1), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
  check_changed (portable, "pid", g_variant_new_int32 (0), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
  check_changed (portable, "pid", g_variant_new_int32 (G_MAXINT32), ST_ERROR_STALE, "process 2147483647 is gone");
  check_changed (portable, "pid", g_variant_new_int32 (1), ST_ERROR_STALE, "process 1 is gone");
  check_changed (portable, "start-time", g_variant_new_uint64 (start_time + 2), ST_ERROR_STALE, "another one has its number");
  check_changed (portable, "start-time", g_variant_new_uint64 (0), ST_ERROR_STALE, "another one has its number");
}

static void
test_incomplete (void)
{
  static const char *const keys[] = { "kind", "device", "inode", "pid", "start-time", "fd" };
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      check_changed (portable, keys[i], NULL, ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
      check_changed (portable, keys[i], g_variant_new_boolean (TRUE), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
    }
  check_changed (portable, "kind", g_variant_new_string ("spam"), ST_ERROR_INVALID_ARGUMENT, "spam");
  check_changed (portable, "kind", g_variant_new_string (""), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
  check_changed (portable, "fd", g_variant_new_int32 (-1), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
  check_changed (portable, "serial", g_variant_new_string ("1"), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
}

/* PORT-01, PORT-07: numbers alone are enough, if it is to be found. */
static void
test_numbers_alone (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  guint64 device, inode;
  g_autoptr (GVariant) portable = describe (ref);
  g_assert_true (g_variant_lookup (portable, "device", "t", &device) && g_variant_lookup (portable, "inode", "t", &inode));
  g_autoptr (GVariant) numbers = g_variant_ref_sink (
    g_variant_new_parsed ("{'kind': <'net'>, 'device': <%t>, 'inode': <%t>}", device, inode));
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (numbers, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, opened));
  check_changed (numbers, "inode", g_variant_new_uint64 (1), ST_ERROR_NOT_FOUND, "no net namespace with number 1");
  check_changed (numbers, "kind", g_variant_new_string ("uts"), ST_ERROR_NOT_FOUND, "no uts namespace");
  check_changed (numbers, "serial", g_variant_new_uint64 (G_MAXUINT64), ST_ERROR_NOT_FOUND, "no net namespace");
}

static void
test_boot (void)
{
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  const char *boot = NULL;
  g_assert_true (g_variant_lookup (portable, "boot", "&s", &boot));
  g_assert_cmpuint (strlen (boot), ==, 36);
  check_changed (portable, "boot", g_variant_new_string ("0"), ST_ERROR_STALE, "before this host was booted");
  check_changed (portable, "boot", g_variant_new_int32 (0), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
}

/* PORT-02, PORT-03, PORT-04, PORT-05, by a path */
static void
test_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  g_assert_false (g_variant_lookup (portable, "path", "^&ay", NULL)); /* a link in /proc is none that others could use */
  g_autoptr (GVariant) with_path = change (portable, "path", g_variant_new_bytestring ("/proc/thread-self/ns/net"));
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (with_path, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, opened));
  check_changed (portable, "path", g_variant_new_bytestring ("/nowhere"), ST_ERROR_STALE, "/nowhere does not hold net:[");
  check_changed (portable, "path", g_variant_new_bytestring ("/etc/passwd"), ST_ERROR_STALE, "/etc/passwd does not hold");
  check_changed (portable, "path", g_variant_new_bytestring ("/proc/thread-self/ns/uts"), ST_ERROR_STALE, "does not hold");
  check_changed (portable, "path", g_variant_new_bytestring ("proc"), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
  check_changed (portable, "path", g_variant_new_bytestring (""), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
  check_changed (portable, "path", g_variant_new_string ("/nowhere"), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
}

static void
check_text (const char *text,
            const char *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_from_portable_string (text, &error), error, ST_ERROR_INVALID_ARGUMENT, words);
}

static void
test_text (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autofree char *text = st_namespace_ref_to_portable_string (ref, &error);
  g_assert_no_error (error);
  g_assert_null (strchr (text, '\n'));
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable_string (text, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, opened));

  for (gsize length = 0; length < strlen (text); length++)
    {
      g_autofree char *cut = g_strndup (text, length);
      check_text (cut, "not a portable reference");
    }
  check_text ("{}", "not a portable reference");
  check_text ("net:[4026531833]", "not a portable reference");
  check_text ("\xff\xfe", "not a portable reference");
  check_text ("{'kind': <'\xff'>}", "not UTF-8");
  check_text ("{'kind': <'\\ud800'>}", "not UTF-8");
  check_text ("{'kind': <'\\U00110000'>}", "not UTF-8");
  check_text ("{'kind': <'\\", "not a portable reference");
  g_autofree char *endless = g_strnfill (100 * 1000 * 1000, '[');
  check_text (endless, "more than 65536 bytes");
  g_autofree char *with_path = g_strdup_printf ("%.*s, 'path': <b'/no\\\\u'>}", (int) strlen (text) - 1, text);
  test_assert_not_made (st_namespace_ref_new_from_portable_string (with_path, &error), error, ST_ERROR_STALE, "/no\\u does not hold net:[");
  st_namespace_ref_close (ref);
  g_assert_null (st_namespace_ref_to_portable_string (ref, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
}

static void
test_huge (void)
{
  const gsize size = 100 * 1000 * 1000;
  guchar *content = g_malloc0 (size);
  g_autoptr (GBytes) bytes = g_bytes_new_take (content, size);
  g_autoptr (GVariant) huge = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
  g_autoptr (GVariant) dict = g_variant_ref_sink (g_variant_new_parsed ("{'kind': <%@ay>}", huge));
  check_refused (huge, ST_ERROR_INVALID_ARGUMENT, "a dictionary (a{sv}), not ay");
  check_refused (dict, ST_ERROR_INVALID_ARGUMENT, "it has 1000000");
}

static void
test_not_a_dictionary (void)
{
  check_refused (g_variant_new_string ("net:[4026531833]"), ST_ERROR_INVALID_ARGUMENT, "a dictionary (a{sv}), not s");
  check_refused (g_variant_new ("()"), ST_ERROR_INVALID_ARGUMENT, "not ()");
  check_refused (g_variant_new_parsed ("@a{sv} {}"), ST_ERROR_INVALID_ARGUMENT, "not a portable reference");
}

typedef struct
{
  pid_t pid;
  int orders;
  FILE *answers;
} Holder;

/* A holder says what it holds, waits to be told, closes it, says so, and waits for its end. */
static void
hold (int orders,
      int answers)
{
  char order;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  g_autofree char *text = g_variant_print (portable, TRUE);
  dprintf (answers, "%s\n", text);
  if (read (orders, &order, 1) == 1)
    {
      st_namespace_ref_close (ref);
      dprintf (answers, "closed\n");
      while (read (orders, &order, 1) > 0)
        ;
    }
  _exit (0);
}

static void
holder_start (Holder *self)
{
  int orders[2], answers[2];
  g_assert_true (g_unix_open_pipe (orders, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_open_pipe (answers, FD_CLOEXEC, NULL));
  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    {
      close (orders[1]);
      close (answers[0]);
      hold (orders[0], answers[1]);
    }
  close (orders[0]);
  close (answers[1]);
  self->orders = orders[1];
  self->answers = fdopen (answers[0], "r");
}

static char *
holder_read (Holder *self)
{
  char line[1024];
  g_assert_nonnull (fgets (line, sizeof line, self->answers));
  return g_strdup (g_strchomp (line));
}

static void
holder_stop (Holder *self)
{
  fclose (self->answers);
  close (self->orders);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (self->pid, NULL, 0)), ==, self->pid);
}

static void
test_other_process (void)
{
  g_autoptr (GError) error = NULL;
  Holder holder;
  holder_start (&holder);
  g_autofree char *text = holder_read (&holder);
  g_autoptr (GVariant) portable = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) own = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (portable, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (own, opened));

  g_assert_cmpint (write (holder.orders, "c", 1), ==, 1);
  g_autofree char *answer = holder_read (&holder);
  g_assert_cmpstr (answer, ==, "closed");
  check_refused (portable, ST_ERROR_STALE, "does not hold");

  siginfo_t info;
  kill (holder.pid, SIGKILL);
  g_assert_no_errno (TEMP_FAILURE_RETRY (waitid (P_PID, (id_t) holder.pid, &info, WEXITED | WNOWAIT)));
  check_refused (portable, ST_ERROR_STALE, "process");
  holder_stop (&holder);
  check_refused (portable, ST_ERROR_STALE, "is gone");
}

/* What is not ours to look into is no reason to call it stale. */
static void
look_as_nobody (gpointer data)
{
  g_assert_no_errno (setresgid (65534, 65534, 65534));
  g_assert_no_errno (setresuid (65534, 65534, 65534));
  check_refused (data, ST_ERROR_PERMISSION_DENIED, "Permission denied");
}

static void
test_denied (void)
{
  if (!test_needs_real_root ())
    return;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  test_in_child (look_as_nobody, portable);
}

static void
describe_and_open (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  gint32 pid;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GVariant) portable = describe (ref);
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (portable, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, opened));
  g_assert_cmpint (getpid (), ==, 1);
  g_assert_true (g_variant_lookup (portable, "pid", "i", &pid));
  g_assert_cmpint (pid, !=, 1);
}

static void
describe_in_pid_namespace (gpointer unused)
{
  g_assert_no_errno (unshare (CLONE_NEWPID));
  test_in_child (describe_and_open, NULL);
}

/* Its own number is somebody else's in the /proc that it has. */
static void
test_proc_of_others (void)
{
  if (test_needs_privilege ())
    test_in_child (describe_in_pid_namespace, NULL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/portable/PORT-07/round-trip", test_round_trip);
  test_add ("/portable/floating", test_floating);
  test_add ("/portable/PORT-03/PORT-04/PORT-05/stale", test_stale);
  test_add ("/portable/closed", test_closed);
  test_add ("/portable/serial", test_serial);
  test_add ("/portable/PORT-06/process", test_process);
  test_add ("/portable/incomplete", test_incomplete);
  test_add ("/portable/PORT-01/PORT-07/numbers-alone", test_numbers_alone);
  test_add ("/portable/boot", test_boot);
  test_add ("/portable/PORT-02/path", test_path);
  test_add ("/portable/text", test_text);
  test_add ("/portable/huge", test_huge);
  test_add ("/portable/not-a-dictionary", test_not_a_dictionary);
  test_add ("/portable/other-process", test_other_process);
  test_add ("/portable/denied", test_denied);
  test_add ("/portable/proc-of-others", test_proc_of_others);
  return g_test_run ();
}
