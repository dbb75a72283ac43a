"""Policy files: what they say; each mistake is told with its line, its field and the mend."""

from pathlib import Path

import pytest

from gsched.cli import main
from gsched.core.model.sharing import HALF_LIFE, Rule, Sharing
from gsched.policy import file
from gsched.policy.fields import FILE, RULE
from gsched.policy.file import PolicyError

CONF = Path(__file__).parents[2] / "conf"

# One for each field: a value, what it means, one that is wrong, and what is said of it.
CASES = {
    "name": ("night shift", "night shift", "''", "a text of at most 200 characters"),
    "clusters": ("[a-*, b]", ("a-*", "b"), '["\\t"]', "a text of at most"),
    "clients": ("10.0.0.0/8", ("10.0.0.0/8",), "10.0.0.1/8", "a network such as 10.1.0.0/16"),
    "nodes": ("[10.1.*, fd00::/8]", ("10.1.*", "fd00::/8"), "a/b", "a pattern such as 10.1.*"),
    "weight": ("0.5", 0.5, "0", "a number greater than 0"),
    "priority": ("-5", -5, "high", "a whole number, such as 10 or -5"),
    "cpus_per_job": ("4", 4, "0", "a whole number from 1 to 10000"),
    "max_cpus_per_node": ("2", 2, "-1", "a whole number from 1 to 999999999, or leave it out"),
    "max_cpus": ("64", 64, "0", "a whole number from 1 to 999999999, or leave it out"),
    "max_queued_jobs": ("10", 10, "1.5", "a whole number from 1"),
    "soft_time_limit": ("90 s", 90.0, "1:30", "a time such as 90, 90 s, 15 min, 2 h or 1 d"),
    "hard_time_limit": ("1 d", 86400.0, "0", "a time such as 90"),
    "retries": ("0", 0, "-1", "a whole number from 0 to 1000"),
}
HALF_LIVES = [("90", 90.0), ("1.5 h", 5400.0), ("7d", 604800.0), ("15 min", 900.0), ("never", None)]


def one(field: str, value: str) -> Rule:
    """The rule that gives that field alone."""
    (rule,) = file.parse(f"rules:\n  - {field}: {value}\n", "x").rules
    return rule


def wrong(text: str) -> str:
    """What is said of it."""
    with pytest.raises(PolicyError) as error:
        file.parse(text, "p.yaml")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_each_field_has_a_case() -> None:
    assert {field.name for field in RULE} == CASES.keys()


@pytest.mark.parametrize("field", RULE, ids=lambda field: field.name)
def test_a_field_is_read(field: file.Field) -> None:
    value, meaning, _, _ = CASES[field.name]
    assert getattr(one(field.name, value), field.name) == meaning
    assert getattr(one(field.name, "null"), field.name) in (field.default, "rule 1")
    wanted = "several" if not field.many else "one value is wanted"
    assert wanted in wrong(f"rules:\n  - {field.name}: [[1], [2]]")


@pytest.mark.parametrize("field", RULE, ids=lambda field: field.name)
def test_a_wrong_value_is_told_with_line_field_and_mend(field: file.Field) -> None:
    _, _, value, mend = CASES[field.name]
    said = wrong(f"# rules\nrules:\n  -\n    {field.name}: {value}\n")
    assert said.startswith(f"p.yaml, line 4: rule 1: {field.name}: ")
    assert "is not allowed, give " in said and mend in said


@pytest.mark.parametrize(("text", "seconds"), HALF_LIVES)
def test_half_life(text: str, seconds: float | None) -> None:
    assert file.parse(f"half_life: {text}", "x") == Sharing((), seconds)
    assert file.parse("rules:", "x").half_life == HALF_LIFE


def test_what_is_not_given_has_no_limit() -> None:
    assert file.parse("", "x") == file.parse("# nothing", "x") == Sharing()
    assert one("name", "mine") == Rule(name="mine")
    assert one("clusters", "[a-*, b]").name == "a-*"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules:\n  - wieght: 2", "line 2: rule 1: 'wieght' is not known; is weight meant?"),
        ("limits: 2", "line 1: 'limits' is not known; there are: half_life, rules"),
        ("- name: a", "line 1: here keys with values are wanted, as in rules: [...]"),
        ("rules:\n - a", "line 2: rule 1: here keys with values are wanted, as in clusters"),
        ("rules:\n - [a]: 1", "line 2: rule 1: a key is one word"),
        ("rules:\n - weight: 1\n   weight: 2", "line 3: rule 1: weight is given twice"),
        ("rules:\n - clusters: []", "line 2: rule 1: clusters: an empty list"),
        ("rules:\n - name: a\n - name: b", "line 3: rule 'b' is never used: 'a' takes all"),
        ("rules:\n - clusters: a\n - name: a", "line 3: rule 'a' is there already"),
        (
            "rules:\n - soft_time_limit: 2 min\n   hard_time_limit: 120",
            "line 2: rule 1: soft_time_limit is not before hard_time_limit; give it less",
        ),
        (
            "rules:\n - cpus_per_job: 3\n   max_cpus: 2",
            "line 3: rule 1: max_cpus is less than cpus_per_job, so no job could run; give it more",
        ),
        ("rules:\n - weight: 2\n  x: 3", "line 3: no YAML: "),
        ("rules: [", "line 1: no YAML: "),
        ("rules: *x", "line 1: no YAML: found undefined alias"),
        ("a: \x00", "no YAML: "),
        ("[" * 5000, "no YAML: "),
        ("rules:\n" + " - clusters: [a]\n   name: a\n" * 2, "line 4: rule 'a' is there already"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    assert wrong(text).removeprefix("p.yaml").lstrip(",: ").startswith(said)


def test_a_bomb_of_aliases_is_small() -> None:
    text = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(50))
    assert "line 1: 'a' is not known" in wrong(text)


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MOST_RULES", 2)
    assert "line 4: more than 2 rules" in wrong(
        "rules:\n - clusters: a\n - clusters: b\n - name: c"
    )
    monkeypatch.setattr(file, "LARGEST", 10)
    assert wrong("rules: # and more") == "p.yaml: larger than 10 bytes"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none.yaml: No such file or directory"):
        file.read(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"rules:\n  - name: caf\xe9\n")
    with pytest.raises(PolicyError, match=r"latin.yaml, line 2: no UTF-8"):
        file.read(tmp_path / "latin.yaml")


def test_the_example_uses_every_field() -> None:
    text = (CONF / "policy.yaml").read_text()
    sharing = file.read(CONF / "policy.yaml")
    assert [rule.name for rule in sharing.rules] == ["interactive", "laboratory", "others"]
    for field in (*FILE, *RULE):
        assert f"{field.name}: " in text or field.name == "rules", field.name
    assert sharing.rule_for("ui-1", "10.9.9.9").weight == 4.0
    assert sharing.rule_for("any", "10.1.2.3").allows("10.1.0.77")
    assert not sharing.rule_for("any", "10.1.2.3").allows("10.9.0.77")


def test_checking_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = CONF / "policy.yaml", tmp_path / "bad.yaml"
    assert main(["--check_policy", str(good)]) == 0
    assert capsys.readouterr().out == f"{good}: 3 rules, nothing is wrong\n"
    bad.write_text("rules:\n  - weight: none\n")
    assert main(["--check_policy", str(bad)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"gsched: --check_policy: {bad}, line 2: rule 1: weight: 'none' is not")
