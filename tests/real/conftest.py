"""Tests with real peers: see peers/fixtures.py."""

import pytest

pytest.register_assert_rewrite("peers.fixtures")

from peers.fixtures import *  # noqa: E402, F403
