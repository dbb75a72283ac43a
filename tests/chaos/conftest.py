"""Tests in which peers, the scheduler and disks fail: see tests/real/peers/fixtures.py."""

import pytest

pytest.register_assert_rewrite("peers.fixtures")

from peers.fixtures import *  # noqa: E402, F403
