"""The sharing policy at the interface for programs, and in gschedctl."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ctl_site import DOCUMENT, served
from ctl_site import Site as Played
from ctl_site import about as empty
from test_httpd_acting import ANNA, Desk
from test_httpd_api import API

from gsched.core.model.sharing import Rule, Sharing
from gsched.httpd.access import roles

TEXT = "rules:\n  - name: mine\n    clusters: com*\n    max_cpus: 7\n    weight: 2\n"


class Office(Desk):
    """A desk, and a policy in a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = folder / "policy.yaml"
        self.file.write_text(TEXT)
        self.site.policy.follow(self.file, "the start")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.site.app.close()
    made.site.audit.close()


def audited(desk: Office) -> list[dict[str, Any]]:
    """What was noted, the latest first."""
    found: list[dict[str, Any]] = desk.site.get("/audit", schema="Audit")["audit"]
    return found


def test_the_policy_is_shown_with_what_clusters_do(desk: Office) -> None:
    shown = desk.site.get("/policy", schema="Policy")
    assert shown["file"].endswith("policy.yaml") and shown["since"] == desk.site.now()
    (mine,) = shown["rules"]
    assert (mine["name"], mine["max_cpus"], mine["weight"], mine["nodes"]) == ("mine", 7, 2, ["*"])
    used = {row["cluster"]: row for row in mine["holds_for"]}
    assert set(used) == {x.handle for x in desk.site.world.scheduler.clusters.values()}
    assert used[desk.site.cluster.handle]["running"] == desk.site.cluster.running
    assert desk.site.get("/clusters", schema="Clusters")["clusters"][0]["rule"] == "mine"


def test_clusters_without_a_rule_are_shown_last(desk: Office) -> None:
    desk.file.write_text("rules:\n  - clusters: none-*\n")
    assert desk.do("/policy/reload")["outcome"].endswith("policy.yaml: 1 rules")
    rules = desk.site.get("/policy", schema="Policy")["rules"]
    assert [rule["name"] for rule in rules] == ["none-*", ""]
    assert not rules[0]["holds_for"] and rules[1]["holds_for"]


def test_the_file_is_read_again(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "actor", lambda: ANNA)
    desk.file.write_text(TEXT.replace("7", "9"))
    desk.do("/policy/reload", reason="more for all")
    assert desk.site.cluster.rule.max_cpus == 9
    row = audited(desk)[0]
    assert (row["who"], row["action"], row["reason"]) == ("anna", "reload policy", "more for all")
    assert row["outcome"] == "1 rules"


def test_a_mistake_keeps_what_is_there_and_says_the_line(desk: Office) -> None:
    desk.file.write_text(TEXT.replace("7", "many"))
    status, said = desk.wrong("/policy/reload")
    assert status == 409 and said.startswith("the policy that is used stays: ")
    assert "policy.yaml, line 4: rule 'mine': max_cpus: 'many' is not allowed, give" in said
    assert desk.site.cluster.rule.max_cpus == 7
    assert audited(desk)[0]["outcome"].startswith("refused: ")
    desk.file.unlink()
    assert "No such file" in desk.wrong("/policy/reload")[1]
    assert desk.site.cluster.rule.max_cpus == 7


def test_without_a_file_there_is_nothing_to_read(desk: Office) -> None:
    desk.site.policy.follow(None, "SIGHUP")
    assert desk.site.cluster.rule.name == ""
    assert desk.wrong("/policy/reload") == (
        409,
        "the policy that is used stays: there is no policy file; start gsched with --policy_file"
        " FILE",
    )


def test_a_text_is_checked_and_not_used(desk: Office) -> None:
    found = desk.do("/policy/check", schema="PolicyChecked", text="rules:\n - weight: 3\n")
    assert found == {"problem": "", "rules": 1}
    found = desk.do("/policy/check", schema="PolicyChecked", text="rules:\n - weight: x\n")
    assert found["problem"].startswith("the file, line 2: rule 1: weight: 'x' is not allowed")
    assert desk.site.cluster.rule.name == "mine"
    assert desk.wrong("/policy/check", {"text": "x" * 90_001})[0] == 400


def test_orders_take_an_admin() -> None:
    for path in ("/policy/check", "/policy/reload"):
        assert DOCUMENT["paths"][f"{API}{path}"]["post"]["x-role"] == "admin"


# gschedctl


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Played]:
    with served(tmp_path) as made:
        yield made


def test_gschedctl_shows_the_rules(site: Played, desk: Office) -> None:
    sharing = Sharing(
        (Rule(name="lab", clients=("10.1.*",), nodes=("10.2.*",), max_cpus=5), Rule())
    )
    desk.site.world.scheduler.book.share(sharing, desk.site.now())
    shown = desk.site.get("/policy", schema="Policy")
    site.answer(f"{API}/policy", shown)
    done = site.run("policy")
    assert done.out.startswith("file       /") and "\nhalf-life  1 h\n" in done.out
    lab, rest = (line.split("  ") for line in done.out.splitlines()[-2:])
    assert "lab" in lab[0] and "10.1.*" in " ".join(lab)
    assert "max_cpus 5, nodes 10.2.*" in " ".join(lab)
    assert rest[0] == "(no rule)"
    assert site.run("policy", "show", "--json").json == shown


def test_gschedctl_checks_a_file(site: Played, tmp_path: Path) -> None:
    site.answer(f"{API}/policy/check", empty("PolicyChecked", rules=2))
    path = tmp_path / "p.yaml"
    path.write_text(TEXT)
    assert site.run("policy", "check", str(path)).out == f"{path}: 2 rules, nothing is wrong\n"
    assert site.asked[-1] == ("POST", f"{API}/policy/check", {"text": TEXT})
    assert site.run("policy", "check", str(path), "--json").json["rules"] == 2
    problem = "the file, line 2: rule 1: weight: 'x' is not allowed"
    site.answer(f"{API}/policy/check", empty("PolicyChecked", problem=problem))
    done = site.run("policy", "check", str(path))
    assert done.code == 2 and problem in done.err
    assert site.run("policy", "check", "/none.yaml").code == 2
    assert site.run("policy", "check").code == 2
    assert site.run("policy", "reload", "x").code == 2


def test_gschedctl_reloads(site: Played) -> None:
    site.answer(f"{API}/policy/reload", {"outcome": "p.yaml: 2 rules", "undo": None, "warning": ""})
    assert site.run("policy", "reload", "--reason", "night").out == "policy: p.yaml: 2 rules\n"
    assert site.asked[-1] == ("POST", f"{API}/policy/reload", {"reason": "night"})
    site.refuse(f"{API}/policy/reload", 409, "the policy that is used stays: p.yaml, line 2")
    done = site.run("policy", "reload")
    assert done.code == 1 and "line 2" in done.err
