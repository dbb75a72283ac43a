"""The page and its interface for programs: who asks for too much, or too slowly."""

from naive.page import LOGIN, PAST, SERVER
from naive.row import row

PAGE_FLOODS = (
    row(
        "a first line that trickles in",
        SERVER,
        "with gevent.Timeout(self.idle_timeout, IdleError):",
        "if True:",
        "test_page.py::test_what_trickles_in_does_not_win_time[first line]",
        hangs=True,
    ),
    row(
        "headers that trickle in",
        SERVER,
        'with gevent.Timeout(self.head_timeout, SlowHeadError("slow headers")):',
        "if True:",
        "test_page.py::test_what_trickles_in_does_not_win_time[headers]",
        hangs=True,
    ),
    row(
        "a body that trickles in",
        SERVER,
        'with gevent.Timeout(self.body_timeout, SlowBodyError("a slow body")):',
        "if True:",
        "test_page.py::test_what_trickles_in_does_not_win_time[body]",
        hangs=True,
    ),
    row(
        "bodies of any size",
        SERVER,
        "if (self.content_length or 0) > most:",
        "if False:",
        "test_page.py::test_malformed_requests_are_refused_quietly",
    ),
    row(
        "bodies of unknown size",
        SERVER,
        'if self.headers.get("transfer-encoding"):',
        "if False:",
        "test_page.py::test_malformed_requests_are_refused_quietly",
    ),
    row(
        "streams without number",
        "httpd/live/publisher.py",
        "if self._closing or len(self._streams) >= self.limit:",
        "if self._closing:",
        "test_httpd_app.py::test_too_many_streams_are_asked_to_come_back",
        hangs=True,
    ),
    row(
        "downloads without number",
        PAST,
        "if self._under_way >= AT_ONCE:",
        "if False:",
        "test_httpd_past.py::test_downloads_have_places_and_give_them_back",
    ),
    row(
        "passwords are looked at all at once",
        LOGIN,
        "        with self._places:\n",
        "        if True:\n",
        "test_httpd_login.py::test_few_passwords_are_looked_at_at_the_same_time",
    ),
    row(
        "the TLS handshake of the page stalls",
        SERVER,
        'with gevent.Timeout(self.handler_class.handshake_timeout, TimeoutError("no handshake")):',
        "if True:",
        "test_httpd_places.py::test_a_handshake_has_its_time_as_a_whole",
    ),
    row(
        "silent connections keep others from the page",
        "httpd/places.py",
        "if SPARE * (self.most - self.taken) < self.most and self._silent:",
        "if False:",
        "test_httpd_places.py::test_the_silent_make_room",
        hangs=True,
    ),
    row(
        "TLS handshakes that stall keep others from the page",
        "httpd/server.py",
        "        self.places.listen(secure)\n",
        "",
        "test_access.py::test_handshakes_that_stall_make_room",
    ),
)
