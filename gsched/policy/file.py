"""A policy file, read: rules for the core, or the line and the field that are wrong, and the mend.

The file is YAML of the plainest kind: a mapping, in it a list of mappings, in these texts and lists
of texts. Values are read by the readers of fields.py from the text as it was typed, so nothing
is turned into something else on the way, as YAML does with yes or 1:30.
"""

from collections.abc import Iterable
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gsched.core.model.sharing import Rule, Sharing
from gsched.policy.fields import FILE, MOST, RULE, Field

LARGEST = 1_000_000  # bytes
MOST_RULES = 1000
_NULL = "tag:yaml.org,2002:null"
_SHOWN = 60  # characters of a wrong value

Found = dict[str, tuple[Node, Node]]  # by name: key and value


class PolicyError(Exception):
    """The file cannot be used: the text says which, the line, the field and the mend."""


def read(path: Path) -> Sharing:
    """The rules of that file. Raises PolicyError."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        return parse(raw.decode(), str(path))
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PolicyError(f"{path}, line {line}: no UTF-8; save it as UTF-8") from error


def parse(text: str, name: str) -> Sharing:
    """The rules of that text, which people know by that name. Raises PolicyError."""
    if len(text) > LARGEST:
        raise PolicyError(f"{name}: larger than {LARGEST:,} bytes")
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        return _sharing(root) if root is not None else Sharing()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = " ".join(filter(None, (error.problem, error.context)))
        raise PolicyError(f"{name}, line {line}: no YAML: {problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise PolicyError(f"{name}: no YAML: {' '.join(str(error).split())[:200]}") from error
    except _Wrong as wrong:
        raise PolicyError(f"{name}, line {wrong.line}: {wrong}") from None


class _Wrong(Exception):
    """What is wrong with a part of the file."""

    def __init__(self, node: Node, text: str) -> None:
        super().__init__(text)
        self.line: int = node.start_mark.line + 1


def _sharing(root: Node) -> Sharing:
    found = _keys(root, FILE, "")
    rules: list[Rule] = []
    for number, node in enumerate(_listed(found, "rules"), 1):
        if number > MOST_RULES:
            raise _Wrong(node, f"more than {MOST_RULES} rules")
        rules.append(_rule(node, number))
        _check_reached(node, rules)
    return Sharing(tuple(rules), _value(FILE[0], found, ""))


def _rule(node: Node, number: int) -> Rule:
    where = f"rule {number}: "
    found = _keys(node, RULE, where)
    name = _value(RULE[0], found, where)
    where = f"rule {name!r}: " if name else where
    values = {one.name: _value(one, found, where) for one in RULE}
    values["name"] = name or _name(values, number)
    soft, hard = values["soft_time_limit"], values["hard_time_limit"]
    if soft and hard and soft >= hard:
        text = f"{where}soft_time_limit is not before hard_time_limit; give it less"
        raise _Wrong(found["soft_time_limit"][1], text)
    for limit in ("max_cpus", "max_cpus_per_node"):
        if values["cpus_per_job"] > (values[limit] or MOST):
            text = f"{where}{limit} is less than cpus_per_job, so no job could run; give it more"
            raise _Wrong(found[limit][1], text)
    return Rule(**values)


def _name(values: dict[str, Any], number: int) -> str:
    """What people call a rule without a name."""
    first: str = values["clusters"][0]
    return f"rule {number}" if first == "*" else first


def _check_reached(node: Node, rules: list[Rule]) -> None:
    """Raises _Wrong for a rule behind one that takes all, or with the same name as another."""
    *others, last = rules
    for other in others:
        if other.takes_all:
            mend = "put that one last"
            raise _Wrong(
                node, f"rule {last.name!r} is never used: {other.name!r} takes all; {mend}"
            )
        if other.name == last.name:
            raise _Wrong(node, f"rule {last.name!r} is there already; give it another name")


def _keys(node: Node, known: Iterable[Field], where: str) -> Found:
    """Keys and values of a mapping, all of them known."""
    if not isinstance(node, MappingNode):
        example = "rules: [...]" if not where else "clusters: batch-*"
        raise _Wrong(node, f"{where}here keys with values are wanted, as in {example}")
    names = [one.name for one in known]
    found: Found = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise _Wrong(key, f"{where}a key is one word; there are: {', '.join(names)}")
        if key.value in found:
            raise _Wrong(key, f"{where}{key.value} is given twice")
        if key.value not in names:
            raise _Wrong(key, f"{where}{_unknown(key.value[:_SHOWN], names)}")
        found[key.value] = (key, value)
    return found


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, 1)
    hint = f"is {near[0]} meant?" if near else f"there are: {', '.join(names)}"
    return f"{name!r} is not known; {hint}"


def _value(field: Field, found: Found, where: str) -> Any:
    if field.name not in found:
        return field.default
    node = found[field.name][1]
    if _is_none(node):
        return field.default
    place = f"{where}{field.name}: "
    if field.many:
        read = tuple(_read(field, one, place) for one in _listed(found, field.name))
        if not read:
            raise _Wrong(node, f"{place}an empty list matches nothing; leave it out for all")
        return read
    return _read(field, node, place)


def _listed(found: Found, name: str) -> list[Node]:
    """The elements of a list; of one value alone, that one."""
    if name not in found or _is_none(found[name][1]):
        return []
    node = found[name][1]
    return list(node.value) if isinstance(node, SequenceNode) else [node]


def _read(field: Field, node: Node, place: str) -> Any:
    if not isinstance(node, ScalarNode):
        raise _Wrong(node, f"{place}one value is wanted, not several")
    try:
        return field.read(node.value.strip())
    except ValueError as error:
        shown = node.value if len(node.value) <= _SHOWN else f"{node.value[:_SHOWN]}..."
        raise _Wrong(node, f"{place}{shown!r} is not allowed, give {error}") from None


def _is_none(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL


assert {one.name for one in RULE} == {one.name for one in fields(Rule)}, "a field is missing"
