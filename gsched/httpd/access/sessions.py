"""Who has signed in by a browser: what its cookie says is a random word that only we know."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from gsched.httpd.access.accounts import Account

IDLE = 12 * 3600.0  # seconds without a request after which a session ends
LONGEST = 7 * 86400.0  # seconds after which it ends anyhow
MOST, MOST_OF_ONE = 1000, 20  # of all, and of one account
_WORD = 32  # bytes


@dataclass(eq=False)
class Session:
    """One browser of somebody."""

    account: Account
    begun: float
    seen: float  # when it last asked
    word: str = field(repr=False)
    ended: bool = False
    endings: set[Callable[[], None]] = field(default_factory=set, repr=False)
    """What is called once when it ends: its streams."""


class Sessions:
    """`now` gives seconds of a clock that never goes back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, account: Account) -> Session:
        """A new session; where there are too many, those unused for longest end."""
        now = self._now()
        self.sweep()
        own = [x for x in self._sessions.values() if x.account.name == account.name]
        self._end_oldest(own, MOST_OF_ONE)
        self._end_oldest(list(self._sessions.values()), MOST)
        session = Session(account, now, now, secrets.token_urlsafe(_WORD))
        self._sessions[session.word] = session
        return session

    def find(self, word: str) -> Session | None:
        """The session of a cookie, which is used by that."""
        session = self._sessions.get(word)
        if session is None or not self.lives(session):
            return None
        session.seen = self._now()
        return session

    def lives(self, session: Session) -> bool:
        """Whether it has not ended; ends it where it is time."""
        now = self._now()
        if not session.ended and (now - session.seen > IDLE or now - session.begun > LONGEST):
            self.end(session)
        return not session.ended

    def end(self, session: Session) -> None:
        """That browser has to sign in again. Its streams end."""
        self._sessions.pop(session.word, None)
        session.ended = True
        endings, session.endings = session.endings, set()
        for ending in endings:
            ending()

    def sweep(self, holds: Callable[[Account], bool] = lambda account: True) -> None:
        """End those whose time is over, and those whose account does not hold any more."""
        for session in tuple(self._sessions.values()):
            if self.lives(session) and not holds(session.account):
                self.end(session)

    def _end_oldest(self, sessions: list[Session], most: int) -> None:
        """Leave room for one more."""
        sessions.sort(key=lambda session: session.seen)
        for session in sessions[: max(0, len(sessions) - most + 1)]:
            self.end(session)
