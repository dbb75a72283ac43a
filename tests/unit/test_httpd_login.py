"""Accounts, tokens, sessions, and how fast passwords may be guessed."""

import contextlib
import io
import json
import stat
import threading

import gevent
import pytest
from web_asked import Answer

from gsched import passwd
from gsched.httpd import app as page
from gsched.httpd.access import accounts, guard, roles, sessions, throttle
from gsched.httpd.access.accounts import Account, Accounts, AccountsError
from gsched.httpd.access.login import AT_THE_SAME_TIME, Login
from gsched.httpd.access.roles import ADMIN, ROLES, VIEWER
from gsched.httpd.access.sessions import Sessions
from gsched.httpd.access.throttle import Throttle, TooManyAttemptsError
from gsched.httpd.api.openapi import EVERY

PASSWORD = "correct horse"
ADA = Account("ada", ADMIN, accounts.hashed(PASSWORD))
TOKEN, _SECRET = accounts.new_token()
GRAFANA = Account("grafana", VIEWER, _SECRET)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def login(clock):
    def pause(seconds):
        clock.now += seconds

    return Login(Accounts([ADA, GRAFANA]), now=clock, pause=pause)


@pytest.fixture
def app(login):
    built = page.build(lambda: {"epoch": "e"}, parts=[login], identify=login.identify)
    yield built
    built.close()


def sign_in(app, name="ada", password=PASSWORD, address="10.0.0.9"):
    body = json.dumps({"name": name, "password": password}).encode()
    more = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    more |= {"wsgi.input": io.BytesIO(body), "REMOTE_ADDR": address, "SERVER_PORT": "8181"}
    return Answer(app, guard.SESSION, "POST", **more)


def cookie(answer):
    return {"HTTP_COOKIE": answer.headers["set-cookie"].partition(";")[0], "SERVER_PORT": "8181"}


def test_a_browser_signs_in_and_out(app):
    assert Answer(app, "/api/v1/whoami").status == 401
    assert b"Sign in" in Answer(app, "/").body
    answer = sign_in(app)
    assert answer.json == {"name": "ada", "role": ADMIN, "signed_in": True}
    words = answer.headers["set-cookie"].lower()
    assert "httponly" in words and "samesite=strict" in words and "path=/" in words
    mine = cookie(answer)
    assert Answer(app, "/api/v1/whoami", **mine).json["name"] == "ada"
    assert b"Sign in" not in Answer(app, "/", **mine).body
    assert Answer(app, guard.SESSION, "DELETE", **mine).status == 403  # the header is missing
    assert Answer(app, guard.SESSION, "DELETE", HTTP_X_GSCHED="1", **mine).status == 204
    assert Answer(app, "/api/v1/whoami", **mine).status == 401


def test_signing_out_ends_the_streams(app):
    mine = cookie(sign_in(app))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/events", "HTTP_HOST": "localhost"}
    chunks = app(environ | mine, lambda *given: None)
    reading = iter(chunks)
    next(reading)
    Answer(app, guard.SESSION, "DELETE", HTTP_X_GSCHED="1", **mine)
    assert b"event: bye" in b"".join(reading)
    chunks.close()


def test_a_stream_ends_when_its_reader_may_not_read_on(clock):
    class Stream:
        def __next__(self):
            return b"x"

        def end(self):
            pass

    lives = [True]
    held = roles.HeldStream(Stream(), roles.Hold(lambda: lives[0]), clock)
    lives[0] = False
    assert next(held) == b"x"
    clock.now += roles.CHECK
    with pytest.raises(StopIteration):
        next(held)


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("bob", PASSWORD), ("", "")])
def test_wrong_ones_stay_out_and_cost_the_same(app, monkeypatch, name, password):
    work = []
    real = accounts._scrypt
    monkeypatch.setattr(accounts, "_scrypt", lambda *given: work.append(given[2:]) or real(*given))
    assert sign_in(app, name, password).status == 401
    assert work == [(accounts.N, accounts.R, accounts.P)]


def test_tokens_are_for_programs(app, login):
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
    assert Answer(app, "/api/v1/whoami", **bearer).json["name"] == "grafana"
    for wrong in ("Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN):
        assert Answer(app, "/api/v1/whoami", HTTP_AUTHORIZATION=wrong).status == 401
    login.renew(Accounts([ADA]))
    assert Answer(app, "/api/v1/whoami", **bearer).status == 401


def test_who_is_another_one_has_to_sign_in_again(app, login):
    mine = cookie(sign_in(app))
    login.renew(Accounts([Account("ada", VIEWER, ADA.secret)]))
    assert Answer(app, "/api/v1/whoami", **mine).status == 401


def test_guesses_are_slowed_down_and_nobody_is_locked_out(app, clock):
    begun = clock.now
    statuses = [sign_in(app, password="wrong!!!").status for _ in range(7)]
    assert statuses == [401] * 7
    assert clock.now - begun == 2 * throttle.PAUSE
    assert sign_in(app, address="10.0.0.10").status == 200
    assert sign_in(app).status == 200  # after a pause


def test_who_would_wait_too_long_is_asked_to_come_back(clock):
    slow = Throttle(clock)
    waits = [slow.wait("10.0.0.9") for _ in range(throttle.AT_ONCE + 1)]
    assert waits == [0.0] * throttle.AT_ONCE + [throttle.PAUSE]
    with pytest.raises(TooManyAttemptsError):
        slow.wait("10.0.0.9")
    clock.now += throttle.PAUSE
    assert slow.wait("10.0.0.9") == throttle.PAUSE
    many = Throttle(clock)
    waits = [many.wait(f"10.0.{i}.1") for i in range(throttle.ALL_AT_ONCE + 1)]
    assert waits[-2:] == [0.0, throttle.ALL_PAUSE]


def test_few_passwords_are_looked_at_at_the_same_time(app, login, monkeypatch):
    """Each takes 32 MB, and a thread that others need."""
    under_way, gate = [], gevent.event.Event()
    monkeypatch.setattr(login, "_check", lambda *_: under_way.append(1) or (gate.wait() and None))
    asking = [gevent.spawn(sign_in, app, address=f"10.0.{n}.1") for n in range(9)]
    for _ in range(20):
        gevent.sleep(0)
    assert len(under_way) == AT_THE_SAME_TIME
    gate.set()
    gevent.joinall(asking, timeout=30, raise_error=True)
    assert len(under_way) == 9


def test_a_network_of_ipv6_is_one(clock):
    """Whoever has a host there has all of its addresses."""
    slow = Throttle(clock)
    waits = [slow.wait(f"2001:db8:1:2::{n:x}") for n in range(throttle.AT_ONCE + 1)]
    assert waits[-1] == throttle.PAUSE
    assert slow.wait("2001:db8:1:3::1") == 0.0
    assert slow.wait("::ffff:10.0.0.9") == slow.wait("::ffff:10.0.0.10") == 0.0


def test_not_all_who_guess_are_remembered(clock, monkeypatch):
    """Those beyond the number are counted together."""
    monkeypatch.setattr(throttle, "MOST_ADDRESSES", 5)
    monkeypatch.setattr(throttle, "ALL_PAUSE", 0.0)
    slow = Throttle(clock)
    waits = [slow.wait(f"10.0.0.{n}") for n in range(5 + throttle.AT_ONCE + 1)]
    assert len(slow._next) == 6 and waits[-1] == throttle.PAUSE


def test_equal_passwords_do_not_look_alike():
    first, second = (accounts.hashed(PASSWORD) for _ in range(2))
    assert first != second and PASSWORD not in first
    assert accounts.proves(PASSWORD, first) and accounts.proves(PASSWORD, second)


@pytest.mark.parametrize("secure", [True, False])
def test_by_https_the_cookie_stays_there(clock, secure):
    """And no other host of the domain can set it."""
    login = Login(Accounts([ADA]), secure, now=clock)
    words = sign_in(page.build(dict, parts=[login], identify=login.identify)).headers["set-cookie"]
    assert ("; secure" in words.lower()) == words.startswith("__Host-gsched_") == secure


def test_sessions_end_by_themselves(clock):
    some = Sessions(clock)
    session = some.begin(ADA)
    for _ in range(int(sessions.LONGEST / sessions.IDLE)):
        clock.now += sessions.IDLE
        assert some.find(session.word) is session
    clock.now += 1
    assert some.find(session.word) is None
    idle = some.begin(ADA)
    clock.now += sessions.IDLE + 1
    assert some.find(idle.word) is None
    for _ in range(sessions.MOST_OF_ONE + 5):
        some.begin(ADA)
    assert len(some) == sessions.MOST_OF_ONE


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.method} {one.path}")
def test_every_operation_has_a_role_and_changes_take_more_than_a_look(one):
    if one.path != guard.SESSION:
        assert one.role in ROLES
        assert one.method == "GET" or one.role != VIEWER


def test_a_page_that_only_reads(login):
    built = page.build(dict, parts=[login], identify=login.identify, read_only=True)
    more = {"CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
    answer = Answer(built, "/api/v1/jobs/cancel", "POST", **more)
    assert (answer.status, answer.json["error"]) == (405, "this page only reads")
    known = sign_in(built)
    assert known.status == 200
    told = Answer(built, "/api/v1/whoami", **cookie(known)).json
    assert (told["name"], told["role"]) == ("ada", "viewer")  # and is an admin elsewhere


def test_the_file_is_written_and_read(tmp_path, monkeypatch, capsys):
    path = tmp_path / "accounts"
    place = ["--http_accounts", str(path)]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert passwd.main(["passwd", "ada", "--role", "admin", *place], {"HOME": "/h"}) == 0
    assert passwd.main(["token", "--role=viewer", "prom", *place], {"HOME": "/h"}) == 0
    token = capsys.readouterr().out.strip()
    text = path.read_text()
    assert PASSWORD not in text and token not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = accounts.read(path)
    assert found.check("ada", PASSWORD).role == ADMIN
    assert found.bearer(token).name == "prom"


def test_a_role_stays_unless_another_one_is_said(tmp_path, monkeypatch):
    path = tmp_path / "accounts"
    for more, role in ((["--role", "operator"], "operator"), ([], "operator")):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        words = ["passwd", "ada", *more, "--http_accounts", str(path)]
        assert passwd.main(words, {"HOME": "/h"}) == 0
        assert [x.role for x in accounts.read(path).all] == [role]


def test_two_who_write_at_once_lose_nothing(tmp_path, monkeypatch):
    path, both = tmp_path / "accounts", threading.Barrier(2)
    found_there = passwd._found

    def slow(where):
        found = found_there(where)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1.0)  # until the other one has read too, if it can
        return found

    monkeypatch.setattr(passwd, "_found", slow)
    put = [
        threading.Thread(target=passwd._put, args=(path, name, "viewer", _SECRET))
        for name in ("ada", "bob")
    ]
    for thread in put:
        thread.start()
    for thread in put:
        thread.join(30)
    assert sorted(x.name for x in accounts.read(path).all) == ["ada", "bob"]


@pytest.mark.parametrize(
    "words", [["passwd"], ["token", "prom"], ["passwd", "a b"], ["passwd", "ada", "--role", "king"]]
)
def test_mistakes_of_the_command_are_one_line(words, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert passwd.main(words, {"HOME": "/h"}) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "ada",
        "ada:king:x",
        "ada:admin:plain",
        "a:admin:scrypt$3$1$1$AA==$AA==",
        f"a:admin:scrypt$16777216$8$1$AA==${'A' * 43}=",
        "a:admin:sha256$g$0",
    ],
)
def test_what_is_malformed_is_named_by_its_line(tmp_path, line):
    path = tmp_path / "accounts"
    path.write_text(f"# accounts\n{line}\n")
    with pytest.raises(AccountsError, match="line 2"):
        accounts.read(path)


@pytest.mark.parametrize("command", passwd.COMMANDS)
def test_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert passwd.main([command, "--help"], {}) == 0
    assert f"gsched {command} NAME" in capsys.readouterr().out
