# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What is built goes to a temporary directory: the source stays as it is. All else is in pyproject.toml."""
import tempfile

import setuptools

with tempfile.TemporaryDirectory(prefix="spacetest-build-") as folder:
    setuptools.setup(options={"build": {"build_base": folder}, "egg_info": {"egg_base": folder}})
