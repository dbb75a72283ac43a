"""Certificates for TLS, made by the openssl program."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

DAYS = "3650"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """A certificate: its file, that of its key, and one that has both."""

    cert: Path
    key: Path
    both: Path

    def options(self, side: str) -> list[str]:
        """For gsched, of the side `node` or `cluster`."""
        return [f"--{side}_certfile", str(self.cert), f"--{side}_keyfile", str(self.key)]

    @property
    def of_node(self) -> list[str]:
        """For dispynode."""
        return ["--certfile", str(self.cert), "--keyfile", str(self.key)]

    @property
    def of_client(self) -> dict[str, str]:
        """For SharedJobCluster."""
        return {"certfile": str(self.cert), "keyfile": str(self.key)}


def self_signed(folder: Path, name: str) -> Certificate:
    """One that is its own authority, as dispy's users have it."""
    made = _paths(folder, name)
    _openssl("req", "-x509", *CURVE, "-days", DAYS, "-subj", f"/CN={name}", *_out(made))
    return _joined(made)


def issued(folder: Path, name: str, issuer: Certificate) -> Certificate:
    """One of an issuer, whose own certificate follows in the file."""
    made, request = _paths(folder, name), folder / f"{name}.request"
    _openssl("req", "-new", *CURVE, "-subj", f"/CN={name}", *_out(made, request))
    signed = ["-req", "-in", str(request), "-CA", str(issuer.cert), "-CAkey", str(issuer.key)]
    _openssl("x509", *signed, "-CAcreateserial", "-days", DAYS, "-out", str(made.cert))
    made.cert.write_text(made.cert.read_text() + issuer.cert.read_text())
    return _joined(made)


def with_password(folder: Path, certificate: Certificate) -> Path:
    """Its key, encrypted."""
    path = folder / "locked.key"
    words = ["-in", str(certificate.key), "-aes256", "-passout", "pass:pears"]
    _openssl("ec", *words, "-out", str(path))
    return path


def _paths(folder: Path, name: str) -> Certificate:
    return Certificate(folder / f"{name}.crt", folder / f"{name}.key", folder / f"{name}.pem")


def _out(made: Certificate, path: Path | None = None) -> list[str]:
    return ["-keyout", str(made.key), "-out", str(path or made.cert)]


def _joined(made: Certificate) -> Certificate:
    made.both.write_text(made.key.read_text() + made.cert.read_text())
    return made


def _openssl(*arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl here to make certificates with")
    subprocess.run([program, *arguments], check=True, capture_output=True, timeout=60)
