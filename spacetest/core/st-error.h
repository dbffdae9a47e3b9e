/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/st-macros.h>

G_BEGIN_DECLS

#define ST_TYPE_ERROR (st_error_get_type ())

/**
 * ST_ERROR:
 *
 * The domain of the errors in [error@Spacetest.Error].
 *
 * Since: 0.1
 */
#define ST_ERROR (st_error_quark ())

/**
 * StError:
 * @ST_ERROR_FAILED: something that has no code of its own
 * @ST_ERROR_PERMISSION_DENIED: the kernel forbids it to this thread; the message names what would help
 * @ST_ERROR_NOT_SUPPORTED: not possible with this kind, on this kernel or in a threaded process
 * @ST_ERROR_NOT_FOUND: no such path, process or kind in a space
 * @ST_ERROR_NOT_A_NAMESPACE: a file or descriptor of something else
 * @ST_ERROR_WRONG_TYPE: a namespace, but of another kind than expected
 * @ST_ERROR_WRONG_THREAD: a visit can be left only on the thread that made it; or threads would wait for each other for ever
 * @ST_ERROR_WRONG_ORDER: visits end in the reverse order of their beginning
 * @ST_ERROR_CLOSED: the object was closed, or was made without its constructor
 * @ST_ERROR_STALE: what was described is not there any more, or is something else by now
 * @ST_ERROR_INVALID_ARGUMENT: a value that makes no sense anywhere
 * @ST_ERROR_EXHAUSTED: out of descriptors, memory, threads or namespaces; the message names the limit
 * @ST_ERROR_WOULD_TOUCH_HOST: refused, because it could be seen outside
 * @ST_ERROR_CALLBACK_FAILED: a function returned %FALSE without an error, or never returned
 * @ST_ERROR_HELPER_FAILED: a helper process is gone
 * @ST_ERROR_PROTOCOL: a helper process answered what makes no sense
 * @ST_ERROR_NO_RETURN: the thread cannot be brought home; it can make no visit any more
 * @ST_ERROR_EXISTS: there is one of that name, or the very same, already
 *
 * What can go wrong, as far as callers would want to tell it apart.
 *
 * The message says which step failed on which kind of namespace, what the kernel said, and where there is one, the cure.
 * A cancelled call is always %G_IO_ERROR_CANCELLED.
 *
 * Since: 0.1
 */
typedef enum
{
  ST_ERROR_FAILED,
  ST_ERROR_PERMISSION_DENIED,
  ST_ERROR_NOT_SUPPORTED,
  ST_ERROR_NOT_FOUND,
  ST_ERROR_NOT_A_NAMESPACE,
  ST_ERROR_WRONG_TYPE,
  ST_ERROR_WRONG_THREAD,
  ST_ERROR_WRONG_ORDER,
  ST_ERROR_CLOSED,
  ST_ERROR_STALE,
  ST_ERROR_INVALID_ARGUMENT,
  ST_ERROR_EXHAUSTED,
  ST_ERROR_WOULD_TOUCH_HOST,
  ST_ERROR_CALLBACK_FAILED,
  ST_ERROR_HELPER_FAILED,
  ST_ERROR_PROTOCOL,
  ST_ERROR_NO_RETURN,
  ST_ERROR_EXISTS,
} StError;

SPACETEST_AVAILABLE_IN_ALL
GType  st_error_get_type (void);
SPACETEST_AVAILABLE_IN_ALL
GQuark st_error_quark    (void);

G_END_DECLS
