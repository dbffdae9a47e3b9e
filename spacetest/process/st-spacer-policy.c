/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-spacer-policy.h"

#include <spacetest/core/st-error.h>

G_DEFINE_ENUM_TYPE (StSpacerPolicy,
                    st_spacer_policy,
                    G_DEFINE_ENUM_VALUE (ST_SPACER_POLICY_NEVER, "never"),
                    G_DEFINE_ENUM_VALUE (ST_SPACER_POLICY_AUTO, "auto"),
                    G_DEFINE_ENUM_VALUE (ST_SPACER_POLICY_ALWAYS, "always"))

static int current = ST_SPACER_POLICY_AUTO; /* atomic */

/**
 * st_spacer_get_policy:
 *
 * Gets who makes transients in this process.
 *
 * Returns: the policy; %ST_SPACER_POLICY_AUTO if nobody set one
 *
 * Since: 0.1
 */
StSpacerPolicy
st_spacer_get_policy (void)
{
  return (StSpacerPolicy) g_atomic_int_get (&current);
}

/**
 * st_spacer_set_policy:
 * @policy: the policy
 * @error: return location for a [error@Spacetest.Error]
 *
 * Sets who makes transients, and sets of them, in the whole process from now on.
 *
 * With %ST_SPACER_POLICY_AUTO, namespaces that the caller may not make come from the default spacer
 * ([func@Spacetest.Spacer.get_default]); without `CAP_SYS_ADMIN` in one user namespace that they share, so that they can be
 * connected. [method@Spacetest.NamespaceRef.is_from_spacer] says which ones did. What no thread can make (user, PID and
 * time namespaces) comes from it under both, and not at all under %ST_SPACER_POLICY_NEVER.
 *
 * Under both, the default spacer also does for the caller what he may not do himself in namespaces that others made but that belong
 * to a user namespace of his own: sockets, mount views, sysctls. To enter them and to make new ones elsewhere is another matter.
 *
 * Can be called from any thread. A value that is no policy is %ST_ERROR_INVALID_ARGUMENT.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_spacer_set_policy (StSpacerPolicy policy,
                      GError       **error)
{
  if ((int) policy < ST_SPACER_POLICY_NEVER || (int) policy > ST_SPACER_POLICY_ALWAYS)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "%d is no policy for spacers", (int) policy);
      return FALSE;
    }
  g_atomic_int_set (&current, (int) policy);
  return TRUE;
}
