# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
import os

import gi

gi.require_version("Spacetest", "1")
from gi.repository import Spacetest  # noqa: E402


@Spacetest.action
def who(greeting):
    return {"says": greeting, "uid": os.getuid()}


if __name__ == "__main__":
    with Spacetest.Spacer.new(None) as spacer, spacer.create_subspace("user,pid") as below:
        print(below.get_space().run_action(who, "hello"))
