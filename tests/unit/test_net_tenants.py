"""What the clients at one address may take."""

import pytest

from gsched.core.scheduler import Refused
from gsched.net.computation import Message
from gsched.net.tenants import JOB, Tenant, Tenants
from gsched.wire.records import Job

HERE, THERE = "192.0.2.1", "203.0.113.9"


def message(size: int) -> Message:
    job = Job(uid=1, hash="h", compute_id=1, _args=b"x" * size, _kwargs=b"", xfer_files=[], code="")
    return Message(job, [])


def test_clusters_are_counted_for_each_address() -> None:
    tenants = Tenants(2, 9, 9999, 50)
    first, _ = tenants.open(THERE, 0), tenants.open(THERE, 0)
    with pytest.raises(Refused, match="--max_client_clusters"):
        tenants.open(THERE, 0)
    assert tenants.refused == Tenant(clusters=1)
    assert tenants.open(HERE, 0)
    first.close()
    assert tenants.open(THERE, 0)


def test_nothing_is_left_of_who_is_refused() -> None:
    tenants = Tenants(2, 9, 9999, 50)
    for _ in range(2):
        with pytest.raises(Refused, match="--max_client_bytes"):
            tenants.open(THERE, 99_999)
    assert not tenants._tenants
    assert tenants.refused == Tenant(size=2)


def test_what_an_earlier_run_has_taken_is_not_refused() -> None:
    tenants = Tenants(1, 9, 9999, 50)
    for _ in range(3):
        tenants.open(THERE, 99_999, check=False)
    assert tenants.largest() == Tenant(3, 0, 3 * 99_999)


def test_jobs_are_counted_over_all_clusters() -> None:
    tenants = Tenants(9, 3, 1 << 30, 50)
    one, two = tenants.open(THERE, 0), tenants.open(THERE, 0)
    for account in (one, two, two):
        account.check(0)
        message(0).charge(account)
    for account in (one, two):
        with pytest.raises(Refused, match="--max_client_jobs"):
            account.check(0)
    assert tenants.refused == Tenant(jobs=2)
    tenants.open(HERE, 0).check(0)
    two.close()
    one.check(0)


def test_bytes_are_those_of_computations_jobs_and_results() -> None:
    tenants = Tenants(9, 99, 10 * JOB, 50)
    account, job = tenants.open(THERE, 2 * JOB), message(5 * JOB)
    account.check(job.size)
    job.charge(account)
    assert tenants.largest().size == 8 * JOB
    with pytest.raises(Refused, match="--max_client_bytes"):
        account.check(3 * JOB)
    with pytest.raises(Refused, match="--max_client_bytes"):
        tenants.open(THERE, 3 * JOB)
    job.release()
    job.recharge(4 * JOB)  # its result
    assert tenants.largest() == Tenant(1, 1, 6 * JOB)
    for _ in range(2):
        job.discharge()
    assert tenants.largest() == Tenant(1, 0, 2 * JOB)


def test_allocations_are_counted_over_all_clusters() -> None:
    tenants = Tenants(9, 9, 9999, 50)
    one, two = tenants.open(THERE, 0, 30), tenants.open(THERE, 0, 20)
    one.allocated(30)
    with pytest.raises(Refused, match="--max_client_allocations"):
        tenants.open(THERE, 0, 21)
    two.check_allocations(20)
    two.allocated(15)
    two.allocated(20)  # in all
    for account in (one, two):
        with pytest.raises(Refused, match="has 50 node allocations and wants 1 more"):
            account.check_allocations(1)
    assert tenants.refused == Tenant(allocations=3)
    tenants.open(HERE, 0, 50)
    one.close()
    two.check_allocations(30)
    assert tenants.largest().allocations == 20


def test_nothing_is_left_of_a_cluster() -> None:
    """Whatever comes of its jobs afterwards."""
    tenants = Tenants(9, 9, 9999, 50)
    account, jobs = tenants.open(THERE, 10), [message(10) for _ in range(3)]
    for job in jobs:
        job.charge(account)
    account.close()
    account.close()
    jobs[0].discharge()
    jobs[1].recharge(500)
    account.allocated(7)
    late = message(10)
    late.charge(account)
    assert tenants.largest() == Tenant() and not tenants._tenants


def test_a_message_without_an_account() -> None:
    job = message(10)
    job.charge(None)
    job.recharge(5)
    job.discharge()
    assert job.account is None
