"""Certificates for tests, made anew for each run."""

import subprocess
from pathlib import Path


def certificate(folder: Path, name: str = "gateway", *names: str) -> Path:
    """A self-signed certificate with its key in one PEM file; `names` are its DNS names, loopback is always in."""
    path = folder / f"{name}.pem"
    alternatives = ",".join([*(f"DNS:{other}" for other in names), "DNS:localhost", "IP:127.0.0.1"])
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    made = ["-addext", f"subjectAltName={alternatives}", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run([*command, *made], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path
