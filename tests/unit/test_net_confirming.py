"""Jobs that are confirmed at the same moment are told in the order in which they were brought."""

import gevent

from gsched.net.clients.confirming import Confirming


def test_those_of_one_moment_come_in_order() -> None:
    told: list[int] = []
    confirming = Confirming(told.append)
    for uid in (7, 5, 6):
        confirming.add(uid)
    assert told == []
    gevent.sleep(0)
    gevent.sleep(0)
    assert told == [5, 6, 7]
    confirming.add(4)
    gevent.sleep(0)
    gevent.sleep(0)
    assert told == [5, 6, 7, 4]
    confirming.stop()
