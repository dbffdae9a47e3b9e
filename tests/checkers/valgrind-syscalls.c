/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors
 *
 * To be preloaded where valgrind 3.19 runs us. It answers ENOSYS for system calls that are newer than itself, which Linux 5.10
 * has: these go past it. So do questions to pidfds and namespaces, which it warns of, and limits,
 * which it keeps for itself. What it does not see it can't check, but none of them writes. */
#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

#define N_ARGUMENTS 6
#define IOCTL_OF_NAMESPACES 0xb7
#define IOCTL_OF_PIDFDS     0xff

static long
call_kernel (long        number,
             const long *arguments)
{
  register long fourth __asm__ ("r10") = arguments[3];
  register long fifth __asm__ ("r8") = arguments[4];
  register long sixth __asm__ ("r9") = arguments[5];
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
}

static long
call_past_valgrind (long        valgrind_thread,
                    long        number,
                    const long *arguments)
{
  return call_kernel (number, arguments);
}

static long
pass (long        number,
      const long *arguments)
{
  if (!RUNNING_ON_VALGRIND)
    return call_kernel (number, arguments);
  return (long) VALGRIND_NON_SIMD_CALL2 (call_past_valgrind, number, arguments);
}

static long
set_errno (long result)
{
  if (result >= 0 || result <= -4096)
    return result;
  errno = (int) -result;
  return -1;
}

long
syscall (long number,
         ...)
{
  long arguments[N_ARGUMENTS];
  va_list list;
  va_start (list, number);
  for (int i = 0; i < N_ARGUMENTS; i++)
    arguments[i] = va_arg (list, long);
  va_end (list);
  switch (number)
    {
    case SYS_openat2:
    case SYS_pidfd_getfd:
    case SYS_pidfd_open:
    case SYS_pidfd_send_signal:
      return set_errno (pass (number, arguments));
    default:
      return set_errno (call_kernel (number, arguments));
    }
}

static int
is_question (unsigned long request)
{
  return _IOC_SIZE (request) == 0 && (_IOC_TYPE (request) == IOCTL_OF_NAMESPACES || _IOC_TYPE (request) == IOCTL_OF_PIDFDS);
}

int
ioctl (int           fd,
       unsigned long request,
       ...)
{
  va_list list;
  va_start (list, request);
  const long arguments[N_ARGUMENTS] = { fd, (long) request, va_arg (list, long) };
  va_end (list);
  return (int) set_errno (is_question (request) ? pass (SYS_ioctl, arguments) : call_kernel (SYS_ioctl, arguments));
}

int
getrlimit (__rlimit_resource_t resource,
           struct rlimit      *limit)
{
  const long arguments[N_ARGUMENTS] = { (long) resource, (long) limit };
  *limit = (struct rlimit) { 0 }; /* it writes, after all */
  return (int) set_errno (pass (SYS_getrlimit, arguments));
}

int
setrlimit (__rlimit_resource_t  resource,
           const struct rlimit *limit)
{
  const long arguments[N_ARGUMENTS] = { (long) resource, (long) limit };
  return (int) set_errno (pass (SYS_setrlimit, arguments));
}

int
setdomainname (const char *name,
               size_t      length)
{
  const long arguments[N_ARGUMENTS] = { (long) name, (long) length };
  return (int) set_errno (pass (SYS_setdomainname, arguments));
}
