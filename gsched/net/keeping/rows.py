"""Rows of the journal: from what the core and we know of a thing, and back."""

from itertools import islice
from typing import Any

from gsched.core.fleet import NodeFacts
from gsched.core.model.account import Account
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Allocation, Lease, LeaseState
from gsched.core.model.node import Node, NodeState
from gsched.core.model.order import Order
from gsched.core.restoring import SavedCluster, SavedJob, SavedLease, SavedNode, SavedUsage
from gsched.core.scheduler import Opening
from gsched.net.computation import Computation, Message, computation_of, message_of
from gsched.store.journal import Batch, Row
from gsched.store.spool import SpoolFile, Spools
from gsched.wire.pickles import dumps, loads_own
from gsched.wire.records import Job as JobRecord
from gsched.wire.templates import kept_reply

RECORD = 0  # number of the part that is the computation
_UNKEPT = (ClusterState.NEW, ClusterState.CLOSED)


def batch(things: list[Any]) -> Batch:
    """What is to be written so that these things are found again as they are now."""
    result = Batch()
    for thing in things:
        _WRITERS[type(thing)](result, thing)
    return result


# -- jobs -----------------------------------------------------------------------------------------


def _write_job(result: Batch, job: Job) -> None:
    key = (job.uid,)
    waits = job.state is State.SENDING and not job.leaving
    if waits or job.state in (State.OFFERED, State.QUEUED):
        if not message_of(job).spilled:  # else the row is there
            result.put("jobs", key, *_job_row(job))
        if job.tries:
            result.drop("places", key)
    elif job.state in (State.SENDING, State.RUNNING):
        result.put("places", key, *_place_row(job))
    else:
        if job.state is State.DONE:
            result.put("results", key, *_result_row(job))
        else:
            result.drop("results", key)
        result.drop("jobs", key)
        result.drop("places", key)


def _job_row(job: Job) -> Row:
    message = message_of(job)
    record = message.record
    files = (record.xfer_files, [file.number for file in message.files])
    return (
        job.cluster.id,
        job.story[0],
        job.pinned.address if job.pinned else None,
        _bytes(record.hash),
        _bytes(record.code),
        dumps(files) if record.xfer_files else None,
        dumps(record.extra) if record.extra else None,
        _bytes(message.warning),
        record._args,
        record._kwargs,
    )


def _place_row(job: Job) -> Row:
    address = job.node.address if job.node else ""
    started = job.started_at if job.state is State.RUNNING else 0  # of older ones: 1
    return (address, job.tries, started, job.cancelling)


def _result_row(job: Job) -> Row:
    return (
        job.cluster.id,
        job.story[0],
        _bytes(message_of(job).hash),
        job.last.address if job.last else None,
        job.end.value if job.end else End.ABANDONED.value,
        _bytes(job.reason),
        None if job.reply is None else kept_reply(job.reply),
    )


def saved_job(row: Row, files: dict[int, SpoolFile]) -> SavedJob:
    """A job that is not over, with the files of its cluster by number, without its arguments."""
    uid, cluster, offered, pinned, hash_, code, sent, extra, warning, size = row[:10]
    node, tries, started, cancelling = row[10:]
    xfer_files, numbers = loads_own(sent) if sent else ([], [])
    record = JobRecord(
        uid=uid,
        hash=_text(hash_),
        compute_id=cluster,
        _args=b"",
        _kwargs=b"",
        xfer_files=xfer_files,
        code=_text(code),
        extra=loads_own(extra) if extra else {},
    )
    held = [files[number] for number in numbers if number in files]
    lost = len(held) < len(numbers)
    message = Message(record, held, _text(warning), told=bool(started), stored=True)
    message.spilled = int(size)
    return SavedJob(
        uid=uid,
        cluster=cluster,
        message=message,
        offered=offered,
        pinned=pinned or "",
        node=node or "",
        tries=tries or 0,
        started=bool(started),
        started_at=started if started and started > 1 else 0.0,
        cancelling=bool(cancelling),
        end=End.ABANDONED if lost and not node else None,
        reason="files that it needs are not there any more" if lost else "",
    )


def saved_result(row: Row) -> SavedJob:
    """A job that is over."""
    uid, cluster, offered, hash_, node, end, reason, reply = row
    record = JobRecord(
        uid=uid,
        hash=_text(hash_),
        compute_id=cluster,
        _args=b"",
        _kwargs=b"",
        xfer_files=[],
        code="",
    )
    return SavedJob(
        uid=uid,
        cluster=cluster,
        message=Message(record, [], told=True),
        offered=offered,
        node=node or "",
        end=End(end),
        reason=_text(reason),
        reply=loads_own(reply) if reply else None,
    )


# -- clusters -------------------------------------------------------------------------------------


def _write_cluster(result: Batch, cluster: Cluster) -> None:
    if cluster.state in _UNKEPT:
        result.drop("clusters", (cluster.id,))
        _drop_parts(result, cluster)
    else:
        result.put("clusters", (cluster.id,), dumps(_cluster_body(cluster)))
        _write_parts(result, cluster)


def _write_parts(result: Batch, cluster: Cluster) -> None:
    """What is not kept yet: it may be large, and does not change."""
    computation, there = computation_of(cluster), len(cluster.allocations)
    if computation.kept is None:
        result.put("parts", (cluster.id, RECORD), dumps(computation.record))
        computation.kept = 0
    if there > computation.kept:
        added = islice(cluster.allocations, computation.kept, None)
        result.put("parts", (cluster.id, there), dumps([_allocation_row(one) for one in added]))
        computation.kept = there


def _drop_parts(result: Batch, cluster: Cluster) -> None:
    """Those that are there: in one batch, this would take what is put there after it, too."""
    computation = computation_of(cluster)
    if computation.kept is not None:
        result.drop("parts", (cluster.id,))
        computation.kept = None


def _allocation_row(one: Allocation) -> Row:
    return (one.host, one.port, one.cpus, list(one.files), one.setup_args)


def _cluster_body(cluster: Cluster) -> dict[str, Any]:
    computation = computation_of(cluster)
    return {
        "name": cluster.name,
        "client": cluster.client,
        "release": cluster.release,
        "family": cluster.family,
        "reentrant": cluster.reentrant,
        "exclusive": cluster.exclusive,
        "state": cluster.state.value,
        "shut": sorted(cluster.shut),
        "client_auth": computation.client_auth,
        "node_auth": computation.node_auth,
        "source": computation.source,
        "reply_to": computation.reply_to,
        "opened": computation.opened,
        "paused": _order_row(cluster.paused),
        "ending": _order_row(cluster.ending),
        "spool": computation.spool.directory.name,
    }


def saved_part(row: Row) -> tuple[int, int, Any]:
    """Of which cluster it is, which one, and what it holds."""
    return row[0], row[1], loads_own(row[2])


def saved_cluster(row: Row, parts: dict[int, Any], spools: Spools) -> SavedCluster:
    """A cluster whose files are in one of `spools`, and count there; `parts` by number.

    Before there were any, all was in its body.
    """
    id_, body = row[0], loads_own(row[1])
    kept = [one for number, part in sorted(parts.items()) if number != RECORD for one in part]
    computation = Computation(
        record=parts[RECORD] if parts else body["record"],
        client_auth=body["client_auth"],
        node_auth=body["node_auth"],
        source=body["source"],
        reply_to=body["reply_to"],
        opened=body.get("opened", 0.0),
        kept=len(kept) if parts else None,
        spool=spools.at(body["spool"]),
    )
    computation.reachable = computation.waits = True
    opening = Opening(
        spec=computation,
        allocations=[Allocation(*one) for one in (kept if parts else body["allocations"])],
        **{name: body[name] for name in ("name", "client", "release", "family")},
        **{name: body[name] for name in ("reentrant", "exclusive")},
    )
    state, shut = ClusterState(body["state"]), frozenset(body["shut"])
    return SavedCluster(
        id=id_,
        opening=opening,
        state=state,
        shut=shut,
        opened=computation.opened,
        paused=_order(body.get("paused")),
        ending=_order(body.get("ending")),
    )


# -- nodes and leases -----------------------------------------------------------------------------


def _write_node(result: Batch, node: Node) -> None:
    if node.state is NodeState.GONE:
        result.drop("nodes", (node.address,))
        return
    body = {
        "port": node.port,
        "name": node.name,
        "cpus": node.total,
        "identity": node.identity,
        "contact": node.contact,
        "source": node.source,
        "release": node.release,
        "family": node.family,
    }
    kept = {
        "facts": body,
        "limit": node.limit,
        "lost": node.state is NodeState.LOST,
        "ceiling": node.ceiling,
        "limited": _order_row(node.limited),
        "drained": _order_row(node.drained),
    }
    result.put("nodes", (node.address,), dumps(kept))


def saved_node(row: Row) -> SavedNode:
    """A node."""
    address, body = row[0], loads_own(row[1])
    facts = NodeFacts(address=address, **body["facts"])
    return SavedNode(
        facts=facts,
        limit=body["limit"],
        lost=body["lost"],
        ceiling=body.get("ceiling"),
        limited=_order(body.get("limited")),
        drained=_order(body.get("drained")),
    )


def _write_lease(result: Batch, lease: Lease) -> None:
    """What counts is which one is there now: an older one may be spoken of, too."""
    key = (lease.cluster.id, lease.node.address)
    current = lease.cluster.leases.get(lease.node.address)
    if current is None or lease.cluster.state in _UNKEPT:
        result.drop("leases", key)
    else:
        body = {"state": current.state.value, "limit_before": current.limit_before}
        body["terminate"] = current.terminate
        result.put("leases", key, dumps(body))


def saved_lease(row: Row) -> SavedLease:
    """A cluster's place on a node."""
    cluster, address, body = row[0], row[1], loads_own(row[2])
    return SavedLease(
        cluster=cluster,
        address=address,
        state=LeaseState(body["state"]),
        limit_before=body["limit_before"],
        terminate=body.get("terminate", True),
    )


# -- usage ----------------------------------------------------------------------------------------


def _write_account(result: Batch, account: Account) -> None:
    key = (_bytes(account.label),)
    if account.kept is None:
        result.drop("usage", key)
    else:
        result.put("usage", key, *account.kept)


def saved_usage(row: Row) -> SavedUsage:
    """What had been used in a name."""
    label, seconds, at = row
    return SavedUsage(label=_text(label), seconds=seconds, at=at)


_WRITERS: dict[type, Any] = {
    Job: _write_job,
    Cluster: _write_cluster,
    Node: _write_node,
    Lease: _write_lease,
    Account: _write_account,
}


def _order_row(order: Order | None) -> tuple[str, str, str, float] | None:
    if order is None:
        return None
    return (order.what, order.by, order.reason, order.since)


def _order(row: Row | None) -> Order | None:
    """Older files know of none."""
    return None if row is None else Order(*row)


def _bytes(text: str) -> bytes:
    """Peers' texts may hold what is no text elsewhere."""
    return text.encode("utf-8", "surrogatepass")


def _text(kept: bytes | None) -> str:
    return (kept or b"").decode("utf-8", "surrogatepass")
