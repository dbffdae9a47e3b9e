/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#define SPACETEST_INSIDE
#include <spacetest/st-macros.h>
#include <spacetest/st-version.h>
#include <spacetest/core/st-error.h>
#include <spacetest/core/st-namespace-type.h>
#include <spacetest/core/st-namespace-id.h>
#include <spacetest/core/st-space.h>
#include <spacetest/core/st-namespace-ref.h>
#include <spacetest/core/st-visit.h>
#include <spacetest/core/st-socket.h>
#include <spacetest/core/st-transient-netns.h>
#include <spacetest/core/st-transient-mntns.h>
#include <spacetest/core/st-netns-pool.h>
#include <spacetest/core/st-mount-view.h>
#include <spacetest/core/st-strays.h>
#include <spacetest/core/st-probe.h>
#include <spacetest/process/st-launcher.h>
#include <spacetest/process/st-spacer-options.h>
#include <spacetest/process/st-spacer-policy.h>
#include <spacetest/process/st-spacer.h>
#include <spacetest/process/st-spawn.h>
#include <spacetest/inside/st-pin.h>
#include <spacetest/inside/st-startup.h>
#include <spacetest/network/st-link-address.h>
#include <spacetest/network/st-link-change.h>
#include <spacetest/network/st-link-make.h>
#include <spacetest/network/st-link-ready.h>
#include <spacetest/network/st-link.h>
#include <spacetest/testing/st-test.h>
#undef SPACETEST_INSIDE
