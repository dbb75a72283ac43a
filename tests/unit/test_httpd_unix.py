"""Unix sockets: who may connect, at names of any length."""

import os
import socket
import stat

import pytest

from gsched.httpd import unix
from gsched.httpd.access import guard, roles
from gsched.httpd.access.roles import ADMIN, Actor


@pytest.mark.parametrize("deep", ["", "/".join(["d" * 60] * 4)], ids=["short", "long"])
def test_a_socket_is_its_owners_and_says_who_has_connected(tmp_path, deep):
    path = tmp_path / deep / "api.sock"
    path.parent.mkdir(parents=True, exist_ok=True)
    assert (len(str(path)) > unix.LONGEST) == bool(deep)
    old = os.umask(0)
    try:
        listening = unix.listen(path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with listening, unix.connect(path, 5.0), listening.accept()[0] as accepted:
        assert unix.user(accepted) == os.geteuid()


def test_what_a_killed_server_has_left_is_replaced(tmp_path):
    path = tmp_path / "api.sock"
    with unix.listen(path):
        pass
    with pytest.raises(ConnectionRefusedError):
        unix.connect(path, 5.0)
    with unix.listen(path) as listening, unix.connect(path, 5.0), listening.accept()[0]:
        pass


def test_a_link_in_its_place_leads_nowhere(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "api.sock"
    victim.write_text("precious")
    path.symlink_to(victim)
    with unix.listen(path):
        assert stat.S_ISSOCK(path.lstat().st_mode)
    assert victim.read_text() == "precious"


def test_where_nothing_can_listen_is_an_error(tmp_path):
    with pytest.raises(OSError):
        unix.listen(tmp_path / "missing" / "api.sock")
    with pytest.raises(OSError):
        unix.connect(tmp_path / "api.sock", 5.0)


def test_root_and_our_own_user_may_all_and_others_nothing():
    own = os.geteuid()
    for uid in {0, own}:
        who = roles.neighbour({guard.PEER_KEY: uid})
        assert who == Actor(roles.local_name(uid), ADMIN, "unix")
    for uid in (own + 1, 65534, 4_000_000_000):
        assert roles.neighbour({guard.PEER_KEY: uid}) is None
    assert roles.local_name(4_000_000_000) == "user 4000000000"


def test_our_pairs_have_credentials_too():
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert unix.user(one) == os.geteuid()
