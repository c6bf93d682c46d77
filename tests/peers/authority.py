"""A certificate authority for one run of the tests, made by openssl: certificates as wrong as is wanted."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_SIGNING = """
[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


class Certificate(NamedTuple):
    """A certificate and its key, both PEM; `both` is one file with the two."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """A certificate authority that lives in `folder`; `certificate` is what has to be believed."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.certificate = folder / "authority.pem"
        for file, text in {"signing": _SIGNING, "serial": "01\n", "index": ""}.items():
            (folder / file).write_text(text)
        # Several certificates for the same name are wanted: one expired, one not.
        (folder / "index.attr").write_text("unique_subject = no\n")
        extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
        files = ("-keyout", "authority.key", "-out", "authority.pem")
        self._openssl("req", "-x509", *_KEY, *files, "-days", "2", "-subj", f"/CN={name}", *extensions)

    def issue(self, name: str, *alternatives: str, end: str = "20991231235959Z") -> Certificate:
        """A certificate for `alternatives` such as "DNS:a.example"; `end` is when it expires (GeneralizedTime)."""
        more = ("-addext", f"subjectAltName={','.join(alternatives)}") if alternatives else ()
        files = ("-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("req", *_KEY, *files, "-subj", f"/CN={name}", *more)
        by = ("-config", "signing", "-cert", "authority.pem", "-keyfile", "authority.key")
        dates = ("-startdate", "20200101000000Z", "-enddate", end)
        self._openssl("ca", "-batch", *by, "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext", *dates)
        certificate, key, both = (self._folder / f"{name}.{kind}" for kind in ("pem", "key", "both"))
        both.write_text(certificate.read_text() + key.read_text())
        return Certificate(certificate, key, both)

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self._folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def for_loopback(folder: Path, name: str = "gateway") -> Path:
    """One file with the certificate of a server on this machine and its key."""
    return Authority(folder / "authority").issue(name, "DNS:localhost", "IP:127.0.0.1").both
