/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-failure-private.h"

#include "st-error-private.h"
#include "st-namespace-type.h"
#include "st-transient-mntns-private.h"

#include <errno.h>

/* What a helper could not do; "%s" is the kinds of namespaces, as in "net namespace". */
static const char *const steps[] = {
  [ST_WIRE_STEP_UNDERSTAND] = "the helper process does not understand the request",
  [ST_WIRE_STEP_CREATE] = "cannot create %s",
  [ST_WIRE_STEP_MAP] = "cannot map ids into a new user namespace",
  [ST_WIRE_STEP_PRIVATE] = "cannot make a new mnt namespace private",
  [ST_WIRE_STEP_PROC] = "cannot mount a fresh /proc",
  [ST_WIRE_STEP_SYSFS] = "cannot show the network in /sys of a new mnt namespace",
  [ST_WIRE_STEP_OFFSETS] = "cannot set the clocks of a new time namespace",
  [ST_WIRE_STEP_HOST_NAME] = "cannot set the host name of a new uts namespace",
  [ST_WIRE_STEP_LOOPBACK] = "cannot bring lo up in a new net namespace",
  [ST_WIRE_STEP_OPEN] = "cannot open %s",
  [ST_WIRE_STEP_ENTER] = "cannot enter %s",
  [ST_WIRE_STEP_FORK] = "cannot start a process",
  [ST_WIRE_STEP_IDS] = "cannot become root of the user namespace",
  [ST_WIRE_STEP_DIRECTORY] = "cannot go to the working directory",
  [ST_WIRE_STEP_GUARD] = "cannot watch over a program",
  [ST_WIRE_STEP_EXECUTE] = "cannot execute the program",
  [ST_WIRE_STEP_SOCKET] = "cannot create a socket",
  [ST_WIRE_STEP_ROOT] = "cannot open the root of a mnt namespace",
  [ST_WIRE_STEP_MOUNT] = "cannot mount",
  [ST_WIRE_STEP_SHARED] = "cannot mount",
  [ST_WIRE_STEP_SYSCTL] = "cannot read or set it",
  [ST_WIRE_STEP_TAP] = "cannot open /dev/net/tun",
  [ST_WIRE_STEP_MOUNT_PROC] = "cannot mount proc on /proc",
  [ST_WIRE_STEP_ANSWER] = "cannot hand over what was made",
};

static char *
describe_kinds (guint kinds)
{
  g_autofree char *names = st_namespace_types_to_string (kinds);
  return kinds ? g_strdup_printf ("%s namespace%s", names, kinds & (kinds - 1) ? "s" : "") : g_strdup ("namespaces");
}

static char *
describe (const StWireFailed *failed)
{
  const char *step = failed->step < G_N_ELEMENTS (steps) ? steps[failed->step] : NULL;
  if (!step)
    return g_strdup ("the helper process cannot do it");
  const char *kinds = strstr (step, "%s");
  if (!kinds)
    return g_strdup (step);
  g_autofree char *names = describe_kinds (failed->kinds);
  return g_strdup_printf ("%.*s%s", (int) (kinds - step), step, names);
}

/* What is not enough at the bottom may be enough above. */
static char *
describe_level (const StWireFailed *failed,
                guint               level)
{
  const guint child = failed->kinds & (ST_NAMESPACE_USER | ST_NAMESPACE_PID) ? 1 : 0;
  return level + child > 0 ? g_strdup_printf (" at level %u below the first helper", level + child) : g_strdup ("");
}

void
st_failure_set_no_tap (GError **error,
                       int      number)
{
  const char *step = steps[ST_WIRE_STEP_TAP];
  if (number == ENOENT || number == ENODEV || number == ENXIO)
    st_error_set (error, ST_ERROR_NOT_SUPPORTED, "%s: %s (this kernel has no module tun, or this container no such device)", step,
                  g_strerror (number));
  else if (number == EACCES || number == EPERM)
    st_error_set (error, ST_ERROR_PERMISSION_DENIED, "%s: %s (this user may not open it)", step, g_strerror (number));
  else
    st_error_set_result (error, -number, "%s", step);
}

void
st_failure_set (GError            **error,
                const StWireFailed *failed,
                guint               level)
{
  g_autofree char *what = describe (failed);
  const int number = failed->error > 0 ? failed->error : EPROTO;
  g_autoptr (GError) failure = NULL;
  st_error_set_result (&failure, -number, "%s", what);
  if (failed->step == ST_WIRE_STEP_SOCKET) /* sockets keep GIO's errors, whoever makes them */
    g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (number), "%s: %s", what, g_strerror (number));
  else if (failed->step == ST_WIRE_STEP_TAP)
    st_failure_set_no_tap (error, number);
  else if (failed->step == ST_WIRE_STEP_MOUNT_PROC)
    st_transient_mntns_set_no_proc (error, number);
  else if (failed->step == ST_WIRE_STEP_SYSCTL && number == EACCES)
    st_error_set_hinted (error, -number, ST_ERROR_HINT_SYSCTL, "%s", what);
  else if (failed->step == ST_WIRE_STEP_UNDERSTAND)
    st_error_set (error, ST_ERROR_HELPER_FAILED, "%s: %s", what, g_strerror (number));
  else if (failed->step == ST_WIRE_STEP_SHARED)
    st_error_set (error, ST_ERROR_WOULD_TOUCH_HOST,
                  "%s: it is shared, so other mount namespaces would see it (mount --make-rprivate inside)", what);
  else if (failure->code == ST_ERROR_EXHAUSTED)
    {
      g_autofree char *where = describe_level (failed, level);
      st_error_set_result (error, -number, "%s%s", what, where);
    }
  else if (number == EPERM && failed->step == ST_WIRE_STEP_CREATE && !(failed->kinds & ST_NAMESPACE_USER))
    st_error_set (error, ST_ERROR_PERMISSION_DENIED,
                  "%s: %s (no CAP_SYS_ADMIN; create a subspace with a user namespace first, or see docs: privileges)", what,
                  g_strerror (number));
  else
    g_propagate_error (error, g_steal_pointer (&failure));
}
