"""Options of secrets and certificates, and how secrets are read from files."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gsched.options import configfile, values
from gsched.options.option import Option, shown

_SECRETS = "Secrets and TLS"

SECRECY: tuple[Option, ...] = (
    Option(
        "node_secret",
        _SECRETS,
        "Use only nodes that have the same secret. Better given by --node_secret_file or "
        "GSCHED_NODE_SECRET, since others see command lines.",
        metavar="SECRET",
        read=values.text,
        default="",
    ),
    Option(
        "node_secret_file",
        _SECRETS,
        "File of mode 0600 that holds the secret of --node_secret, in one line.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "cluster_secret",
        _SECRETS,
        "Serve only clients that have the same secret. Better given by --cluster_secret_file or "
        "GSCHED_CLUSTER_SECRET, since others see command lines.",
        metavar="SECRET",
        read=values.text,
        default="",
    ),
    Option(
        "cluster_secret_file",
        _SECRETS,
        "File of mode 0600 that holds the secret of --cluster_secret, in one line.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "node_keyfile",
        _SECRETS,
        "File with the key for TLS with nodes, the same as --keyfile of dispynode. Not needed "
        "when the certificate file has the key inside.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "node_certfile",
        _SECRETS,
        "File with the certificate for TLS with nodes, the same as --certfile of dispynode: all "
        "of them share it, or their files hold that of its issuer too. The TLS of dispynode works "
        "on Python 3.11 and older only.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "cluster_keyfile",
        _SECRETS,
        "File with the key for TLS with clients, the same as keyfile of SharedJobCluster. Not "
        "needed when the certificate file has the key inside.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "cluster_certfile",
        _SECRETS,
        "File with the certificate for TLS with clients, the same as certfile of "
        "SharedJobCluster: all of them share it, or their files hold that of its issuer too. The "
        "TLS of dispy's clients works on Python 3.11 and older only.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
)

SECRETS = ("node_secret", "cluster_secret")
_LONGEST = 1 << 16  # bytes of a file with a secret


def secrets(values: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, Any]:
    """Secrets, wherever they were given, and which of them others see. Raises ValueError."""
    found: dict[str, Any] = {name: _secret(name, values) for name in SECRETS}
    return found | {"exposed": tuple(_exposed(values, origins))}


def _secret(name: str, values: Mapping[str, Any]) -> str:
    path, given = values[f"{name}_file"], str(values[name])
    if path and given:
        raise ValueError(f"--{name} and --{name}_file exclude each other: give only one")
    return _content(path, f"{name}_file") if path else given


def _content(path: Path, option: str) -> str:
    """The one line of a file, without its end. Raises ValueError, which does not tell it."""
    try:
        with open(path, encoding=configfile.ENCODING, errors="surrogateescape") as file:
            text = file.read(_LONGEST)
    except OSError as error:
        raise ValueError(f"--{option}: {shown(str(path))}: {error.strerror}") from error
    line = text.removesuffix("\n").removesuffix("\r")
    if not line or "\n" in line:
        raise ValueError(f"--{option}: {shown(str(path))} has to hold one line, the secret")
    return line


def _exposed(values: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[str]:
    """Which secrets others can see, and what to do about it."""
    config = str(values["config"])
    for name in SECRETS:
        path = values[f"{name}_file"]
        if values[name] and origins.get(name) == "":
            yield f"--{name}: others see it in the list of processes; give --{name}_file instead"
        if path and _is_legible(path):
            yield f"--{name}_file: others can read {path}; chmod 600 it"
        if values[name] and origins.get(name, "").startswith(f"{config}, ") and _is_legible(config):
            yield f"--config: others can read {config}, which holds --{name}; chmod 600 it"


def _is_legible(path: Path | str) -> bool:
    try:
        return bool(os.stat(path).st_mode & stat.S_IROTH)
    except OSError:
        return False
