# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
# As much of PyGObject as our stub needs: Debian has no stubs of it.
def require_version(namespace: str, version: str) -> None: ...
