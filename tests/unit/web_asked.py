"""Requests to the page as a WSGI application, without a server."""

import json


class Answer:
    """What the application answered to one request."""

    def __init__(self, app, path, method="GET", host="localhost:8181", **environ):
        given = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": host, **environ}
        self.body = self._run(app, {name: value for name, value in given.items() if value})

    def _run(self, app, environ):
        chunks = app(environ, self._start)
        try:
            return b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()

    def _start(self, status, headers, exc_info=None):
        self.status = int(status.split()[0])
        self.headers = {name.lower(): value for name, value in headers}

    @property
    def json(self):
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)
