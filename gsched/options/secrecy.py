"""Options of secrets, certificates and the vault, and how secrets are read from files."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gsched.options import configfile, values
from gsched.options.option import VAULT_KEY, Option, shown

_SECRETS = "Secrets and TLS"
_VAULT = "Vault"

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
    Option(
        "vault",
        _VAULT,
        "Encrypt what is kept on disk: arguments, results and files of clients, with AES-256-GCM. "
        "Ids, addresses, names, times and sizes stay legible, and so do files in the folders of "
        "nodes, also in that of --local_node. Its key comes from --vault_key_file, from the "
        "variable GSCHED_VAULT_KEY, or is asked for at a terminal. What was kept in clear is "
        "encrypted at the start; gsched rekey gives another key, gsched rekey --off ends it.",
    ),
    Option(
        "vault_key_file",
        _VAULT,
        "File of mode 0600 with the key of the vault in one line: 64 hexadecimal digits, as made "
        "by openssl rand -hex 32, or a passphrase of 12 characters or more, from which scrypt "
        "makes a key.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
)

SHORTEST_PASSPHRASE = 12  # characters
TOO_SHORT = (
    f"a passphrase has {SHORTEST_PASSPHRASE} characters or more; openssl rand -hex 32 makes a key"
)
SECRETS = ("node_secret", "cluster_secret")
_LONGEST = 1 << 16  # bytes of a file with a secret


def secrets(
    values: Mapping[str, Any], origins: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, Any]:
    """Secrets, wherever they were given, and which of them others see. Raises ValueError."""
    found: dict[str, Any] = {name: _secret(name, values) for name in SECRETS}
    found["vault_key"] = vault_key(values["vault_key_file"], "vault_key_file", environ, VAULT_KEY)
    return found | {"exposed": tuple(_exposed(values, origins))}


def vault_key(path: Path | None, option: str, environ: Mapping[str, str], variable: str) -> str:
    """From a file or a variable; empty if it is in neither. Raises ValueError."""
    given = environ.get(variable, "")
    if path and given:
        raise ValueError(f"--{option} and {variable} exclude each other: give only one")
    text = _content(path, option) if path else given
    if text and len(text) < SHORTEST_PASSPHRASE:
        label = f"--{option}" if path else variable
        raise ValueError(f"{label}: {TOO_SHORT}")
    return text


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
    if (path := values["vault_key_file"]) and _is_legible(path):
        yield f"--vault_key_file: others can read {path}; chmod 600 it"


def _is_legible(path: Path | str) -> bool:
    try:
        return bool(os.stat(path).st_mode & stat.S_IROTH)
    except OSError:
        return False
