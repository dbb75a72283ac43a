"""Secrets on both sides: those who know them work together, others are told what to mend."""

import json
from pathlib import Path

import pytest
from peers import Stage, namespace

pytestmark = pytest.mark.real


@pytest.mark.proves("--node_secret_file", "--cluster_secret_file")
def test_secrets_in_files(stage: Stage, tmp_path: Path) -> None:
    """Neither the list of processes nor what the server says has them."""
    node, options = stage.node(1, "-s", "pearsome"), []
    for side, secret in (("node", "pearsome"), ("cluster", "figleaves")):
        path = tmp_path / side
        path.write_text(f"{secret}\n")
        path.chmod(0o600)
        options += [f"--{side}_secret_file", str(path)]
    gsched = stage.gsched("--debug", *options, nodes=[node])
    client = stage.client("squares", gsched, cluster={"secret": "figleaves"}, jobs=5)
    assert client.outcome()["nodes"] == {node.address: 5}
    seen = (
        Path(f"/proc/{gsched.pid}/cmdline").read_text() + gsched.err + json.dumps(gsched.status())
    )
    assert "pearsome" not in seen and "figleaves" not in seen


@pytest.mark.proves("secret=", "--node_secret", "--cluster_secret")
def test_secrets(stage: Stage) -> None:
    friend, stranger = (stage.node(1, "-s", secret) for secret in ("pears", "plums"))
    options = ("--node_secret", "pears", "--cluster_secret", "figs")
    gsched = stage.gsched(*options, "-n", stranger.address, nodes=[friend])
    client, other = (
        stage.client("squares", gsched, cluster={"secret": secret}, jobs=5)
        for secret in ("figs", "dates")
    )
    assert client.outcome()["nodes"] == {friend.address: 5}
    assert "EOFError" in other.failure()
    gsched.wait_for_text(r"client with another secret: its secret= must equal --cluster_secret")
    gsched.wait_for_text(r"node with another secret: its --secret must equal --node_secret")
    assert [node["address"] for node in gsched.status()["nodes"]] == [friend.address]


def test_secret_on_one_side_only(stage: Stage) -> None:
    """A scheduler without secrets, and a client and a node that have some; and by variable."""
    node = stage.node(1, "-s", "pears")
    plain = stage.gsched("-n", node.address)
    secret = stage.gsched(nodes=[node], environ={"GSCHED_NODE_SECRET": "pears"})
    client = stage.client("squares", plain, cluster={"secret": "figs"})
    assert "EOFError" in client.failure()
    plain.wait_for_text(r"client with another secret: its secret= must equal --cluster_secret")
    plain.wait_for_text(r"node with another secret: its --secret must equal --node_secret")
    assert stage.client("squares", secret).outcome()["wrong"] == []


@pytest.mark.usefixtures("private_network")
def test_secrets_that_keep_nobody_out(stage: Stage) -> None:
    """Said at the start. On this host alone, none are needed."""
    same = ("--node_secret", "pears", "--cluster_secret", "pears")
    stage.gsched(*same).wait_for_text("--node_secret and --cluster_secret are the same")
    namespace.add_address("10.75.0.1")
    stage.gsched(address="10.75.0.1").wait_for_text("no --cluster_secret: whoever reaches")
    other = {"GSCHED_NODE_SECRET": "pears", "GSCHED_CLUSTER_SECRET": "figs"}
    for environ in ({}, other):
        assert "secret" not in stage.gsched(environ=environ).err
