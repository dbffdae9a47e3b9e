# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What the overrides of Spacetest consist of, one noun a module. Not for use by others."""
