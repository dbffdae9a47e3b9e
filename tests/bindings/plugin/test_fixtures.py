# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
"""What a test gets, and what becomes of it."""
from conftest import get_counts


def test_networks_and_mounts(passes):
    passes('''
    kept = []
    def test_made_not_entered(netns, mntns):
        for ref in (netns, mntns):
            assert os.readlink(f"/proc/thread-self/ns/{str(ref)[:3]}") != str(ref)
        with netns.enter():
            assert os.readlink("/proc/thread-self/ns/net") == str(netns)
        assert isinstance(netns, Spacetest.TransientNetns) and isinstance(mntns, Spacetest.TransientMntns)
        kept.append((netns, mntns))
    def test_closed():
        assert all(ref.is_closed() for ref in kept[0])
    ''', count=2)


def test_spaces_by_name(passes):
    passes('''
    def test_factory(spaces):
        alice, bob = spaces("alice"), spaces("bob", "net,uts")
        assert spaces("alice") is alice and spaces("bob", "net,uts") is bob
        assert bob.get_types() == Spacetest.NamespaceType.NET | Spacetest.NamespaceType.UTS
        assert bob.get_ref("net") != alice
        assert str(spaces("uts", "uts")).startswith("uts:")
        assert isinstance(spaces("mounts", "mnt"), Spacetest.TransientMntns)
        with pytest.raises(ValueError, match="alice"):
            spaces("alice", "mnt")
        for name in (None, "", 3, spaces):
            with pytest.raises(TypeError, match="wants a name"):
                spaces(name)
        for kinds in (None, 3, ["net"], b"net"):
            with pytest.raises(TypeError, match="kinds of namespaces"):
                spaces("carol", kinds)
        with pytest.raises(GLib.Error, match="nonsense"):
            spaces("carol", "nonsense")
        assert spaces("carol").call(os.getpid)
    ''')


def test_spacer(passes):
    passes('''
    kept = []
    def test_users(spacer):
        assert spacer.create_subspace("user,pid").get_space().check_output(["id", "-u"], text=True) == "0\\n"
        kept.append(spacer)
    def test_closed():
        assert kept[0].is_closed()
    ''', count=2)


CAPTURE = '''
    def test_packets(netns, capture):
        recording = capture(netns, "lo")
        with netns.socket() as server:
            server.bind(("127.0.0.1", 80))
            with netns.socket() as client:
                assert client.connect_ex(("127.0.0.1", 80)) != 0
        assert recording.get_n_packets() >= 0
        {end}
'''


def test_capture_of_a_test_that_passes(passes, caller):
    passes(CAPTURE.format(end="pass"), "--basetemp", caller.folder / "base")
    assert list(caller.folder.glob("base/**/*.pcapng")) == []


def test_capture_of_a_test_that_fails(fails, caller):
    result = fails(CAPTURE.format(end="assert 1 == 2"), "kept in", options=["--basetemp", caller.folder / "base"])
    assert get_counts(result) == {"failed": 1}
    kept, = caller.folder.glob("base/**/*.pcapng")
    assert kept.read_bytes()[:4] == b"\n\r\r\n" and str(kept) in result.stdout


def test_fixture_that_was_closed(passes):
    """To close early is no mistake; to use what is closed is."""
    passes('''
    def test_close(netns, spacer, capture):
        recording = capture(netns, None)
        netns.close(), spacer.close(), recording.close()
        with pytest.raises(GLib.Error, match="closed"):
            netns.enter()
        with pytest.raises(GLib.Error, match="closed"):
            spacer.create_space("net")
    ''')


def test_as_nobody(nobody):
    """Made by the default spacer; what needs a visit says where to go."""
    result = nobody.pytest('''
    def test_outside(netns, spaces, spacer):
        with netns.socket() as server:
            server.bind(("127.0.0.1", 80))
        assert spaces("alice").check_output(["id", "-u"], text=True) == "0\\n"
    def test_visit(netns):
        with netns.enter():
            pass
    ''')
    assert get_counts(result) == {"passed": 1, "failed": 1}, result.stdout + result.stderr
    assert "spacetest run" in result.stdout
