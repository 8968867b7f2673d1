"""Claims of `mlops azure watch` in a real storage service: Azurite refuses what Azure refuses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support import azurite, harness
from tests.support.environments import Environments

CERTIFY = """
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
now = datetime.datetime.now(datetime.UTC)
end, number = now + datetime.timedelta(1), x509.random_serial_number()
made = x509.CertificateBuilder(name, name, key.public_key(), number, now, end)
alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
certificate = made.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
pem = serialization.Encoding.PEM
open(sys.argv[1], "wb").write(certificate.public_bytes(pem))
plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
open(sys.argv[2], "wb").write(key.private_bytes(pem, *plain))
"""


def test_two_watchers_at_once_claim_each_action_once(
    environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    azurite.installed()  # or skipped, before the environment is made
    project = render(harness.answers_for())
    python = environments.of(project) / "bin" / "python"
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run([python, "-c", CERTIFY, certificate, key], check=True)
    (package,) = (path.parent.name for path in (project / "src").glob("*/__init__.py"))
    script = azurite.LOCKED / "watchers.py"
    with azurite.started(certificate, key) as address:
        ended = subprocess.run(
            [python, script, package, address, certificate],
            env={**os.environ, "PYTHONPATH": str(project / "src")},
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.strip() == "32 contests, each won once"
