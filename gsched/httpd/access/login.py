"""Signing in and out, and who a request is from where there are accounts."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import bottle
import gevent
from bottle import HTTPError, request, response
from gevent.lock import Semaphore

from gsched.httpd.access import guard, roles
from gsched.httpd.access.accounts import LONGEST, Account, Accounts
from gsched.httpd.access.roles import ANYBODY, VIEWER, Actor, Environ, Hold
from gsched.httpd.access.sessions import LONGEST as LONGEST_SESSION
from gsched.httpd.access.sessions import Session, Sessions
from gsched.httpd.access.throttle import Throttle, TooManyAttemptsError

log = logging.getLogger("gsched.httpd.access.login")

AT_THE_SAME_TIME = 2  # passwords; each takes 32 MB and a thread
_BEARER = "bearer "


class Login:
    """Without `accounts` nobody needs any. `secure`: browsers come by https."""

    def __init__(
        self,
        accounts: Accounts | None,
        secure: bool = False,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = gevent.sleep,
    ) -> None:
        self._accounts, self._secure, self._pause = accounts, secure, pause
        self._sessions, self._throttle = Sessions(now), Throttle(now)
        self._places = Semaphore(AT_THE_SAME_TIME)

    def install(self, app: bottle.Bottle) -> None:
        """Add the routes."""
        app.post(guard.SESSION, callback=self._sign_in, role=ANYBODY)
        app.delete(guard.SESSION, callback=self._sign_out, role=ANYBODY)
        app.get("/api/v1/whoami", callback=self._whoami, role=VIEWER)

    def renew(self, accounts: Accounts) -> None:
        """From now on these count: sessions whose account is gone or is another one end."""
        self._accounts = accounts
        self._sessions.sweep(accounts.holds)

    # -- who asks -----------------------------------------------------------------------------

    def identify(self, environ: Environ) -> Actor | None:
        """Who has sent a request: by a token, or by the cookie of a session."""
        if self._accounts is None:
            return roles.everybody(environ)
        given = environ.get("HTTP_AUTHORIZATION", "")
        if given:
            return self._by_token(environ, given)
        session = self._session(environ)
        if session is None:
            return None
        lives = partial(self._sessions.lives, session)
        environ[roles.HOLD_KEY] = Hold(lives, session.endings, by_cookie=True)
        return _actor(session.account, environ)

    def _by_token(self, environ: Environ, given: str) -> Actor | None:
        token = given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else ""
        account = self._of_token(token)
        if account is None:
            return None
        environ[roles.HOLD_KEY] = Hold(lambda: self._of_token(token) == account)
        return _actor(account, environ)

    def _of_token(self, token: str) -> Account | None:
        return self._accounts.bearer(token) if self._accounts else None

    def _session(self, environ: Environ) -> Session | None:
        wanted = self._cookie(environ)
        for pair in environ.get("HTTP_COOKIE", "").split(";"):
            name, _, word = pair.strip().partition("=")
            if name == wanted and (session := self._sessions.find(word)):
                return session
        return None

    def _cookie(self, environ: Environ) -> str:
        """Its name: cookies are shared by all ports of a host, where another gsched may be."""
        name = f"gsched_{environ.get('SERVER_PORT', '')}"
        return f"__Host-{name}" if self._secure else name

    # -- routes -------------------------------------------------------------------------------

    def _whoami(self) -> dict[str, Any]:
        who, hold = roles.actor(), request.environ.get(roles.HOLD_KEY)
        signed_in = hold is not None and hold.by_cookie
        return {"name": who.name, "role": who.role, "signed_in": signed_in}

    def _sign_in(self) -> dict[str, Any]:
        if self._accounts is None:
            raise HTTPError(404, "there are no accounts here: nobody needs to sign in")
        name, password = _given(request.json)
        address = request.environ.get("REMOTE_ADDR", "")
        self._wait(address)
        with self._places:
            account = self._check(name, password)
        if account is None:
            log.warning("somebody at %s gave a wrong password for %r", address, name[:64])
            raise HTTPError(401, "the name or the password is wrong")
        self._throttle.succeeded(address)
        session = self._sessions.begin(account)
        self._set_cookie(session.word, int(LONGEST_SESSION))
        log.info("%s signed in from %s as %s", account.name, address, account.role)
        return {"name": account.name, "role": account.role, "signed_in": True}

    def _check(self, name: str, password: str) -> Account | None:
        """In a thread, since it takes long."""
        accounts = self._accounts
        assert accounts is not None
        found: Account | None = gevent.get_hub().threadpool.apply(accounts.check, (name, password))
        return found if found and self._accounts and self._accounts.holds(found) else None

    def _wait(self, address: str) -> None:
        try:
            seconds = self._throttle.wait(address)
        except TooManyAttemptsError as error:
            log.warning("somebody at %s guesses passwords", address)
            later = {"Retry-After": str(int(error.seconds) + 1)}
            raise HTTPError(429, str(error), **later) from None
        if seconds:
            self._pause(seconds)

    def _sign_out(self) -> str:
        session = self._session(request.environ)
        if session is not None:
            self._sessions.end(session)
            log.info("%s signed out", session.account.name)
        self._set_cookie("", 0)
        response.status = 204
        return ""

    def _set_cookie(self, word: str, seconds: int) -> None:
        response.set_cookie(
            self._cookie(request.environ),
            word,
            path="/",
            max_age=seconds,
            httponly=True,
            samesite="strict",
            secure=self._secure,
        )


def _actor(account: Account, environ: Environ) -> Actor:
    return Actor(account.name, account.role, environ.get("REMOTE_ADDR", ""))


def _given(body: Any) -> tuple[str, str]:
    """Name and password."""
    if isinstance(body, dict):
        name, password = body.get("name"), body.get("password")
        if isinstance(name, str) and isinstance(password, str) and len(password) <= LONGEST:
            return name, password
    raise HTTPError(400, 'expected {"name": ..., "password": ...}')
