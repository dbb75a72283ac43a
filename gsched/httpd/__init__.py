"""The page and its API: Bottle under gevent's WSGI server."""
