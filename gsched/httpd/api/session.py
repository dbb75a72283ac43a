"""Signing in and out, as the OpenAPI document tells of it; access/login.py does it."""

from gsched.httpd.access import guard
from gsched.httpd.access.accounts import LONGEST
from gsched.httpd.access.roles import ANYBODY
from gsched.httpd.api.operation import Field, Operation
from gsched.httpd.api.schemas import FLAG, record, text

WHO = record(
    "Who asks.",
    name=text(),
    role=text("what they may do", enum=["viewer", "operator", "admin"]),
    signed_in=FLAG | {"description": "by a browser's cookie"},
)
OPERATIONS = (
    Operation(
        guard.SESSION,
        "Sign in: the answer sets a cookie. Guesses are slowed down",
        "Who",
        method="POST",
        role=ANYBODY,
        body=(
            Field("name", "of the account", "secret", required=True),
            Field("password", f"at most {LONGEST:,} characters", "secret", required=True),
        ),
        fails={401: "The name or the password is wrong", 404: "Nobody needs to sign in here"}
        | {429: "Too many attempts: come back after Retry-After seconds"},
    ),
    Operation(guard.SESSION, "Sign out", "", method="DELETE", role=ANYBODY, status=204),
    Operation("/api/v1/whoami", "Who asks, and what they may do", "Who"),
)
