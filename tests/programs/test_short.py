# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""Python talks to Python across a cable: what is always there."""
import sys

import pytest

FETCH = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=60).read().decode())"


@pytest.mark.parametrize("address, url", (("10.0.0.2", "http://10.0.0.2:8000/"), ("fd00::2", "http://[fd00::2]:8000/")))
def test_http(hosts, tmp_path, address, url):
    alice, bob = hosts
    tmp_path.chmod(0o755)
    (tmp_path / "index.html").write_text("from bob\n")
    with bob.serve(address, 8000, sys.executable, "-m", "http.server", "8000", "--bind", address, "--directory", str(tmp_path)):
        assert alice.run(sys.executable, "-c", FETCH, url) == "from bob\n"
