"""A role as a vendor might wrap it: ``ringback serve``, told all by its environment.

    ringback run --sut gateway="exec:python serve_role.py"

A word of the command makes it wrong on purpose: ``knows-everything``,
``dies-at-once``.
"""

import os
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

SERVED = {"gateway": ("gateway", "phone")}  # our phones are behind our gateway
UNKNOWN = 127
CONFIG = """
lab = "{lab}"
timer_scale = 0.2
[um]
name = "{um}"
host = "{um_host}"
port = {um_port}
secured_port = {um_port}
no_answer = 20.0
[[um.workers]]
name = "{workers[0]}"
host = "{um_host}"
port = 5065
secured_port = 5066
[[um.workers]]
name = "{workers[1]}"
host = "{um_host}"
port = 5067
secured_port = 5068
[[um.gateways]]
name = "{gateway}"
host = "{gateway_host}"
port = {gateway_port}
secured_port = {gateway_port}
[cas]
name = "{cas}"
host = "{cas_host}"
[gateway]
name = "{gateway}"
host = "{gateway_host}"
port = {gateway_port}
secured_port = {gateway_port}
[phone]
host = "{host}"
{users}
[resolve]
{resolve}
"""


def told(name: str, default: str = "") -> str:
    return os.environ.get(f"RINGBACK_{name}", default)


def place(role: str, port: int) -> tuple[str, int]:
    """Where a role is: our own address, or what we were told of a neighbour."""
    if told("ROLE") == role:
        return told("HOST"), port
    host, _, number = told(role.upper(), f"x:127.0.0.1:{port}").rpartition(":")
    return host.rpartition(":")[2].lstrip("/"), int(number)


def lab(folder: Path) -> Path:
    """The files that we were given, as ``ringback serve`` wants them."""
    kept = folder / "lab"
    kept.mkdir(mode=0o700)
    role = told("ROLE")
    for name, there in (("CA", "root"), ("CERTIFICATE", role)):
        (kept / f"{there}.pem").write_bytes(Path(told(name)).read_bytes())
    (kept / f"{role}.key").write_bytes(Path(told("KEY")).read_bytes())
    nobody_s = ec.generate_private_key(ec.SECP256R1())  # we have no authority
    (kept / "root.key").write_bytes(
        nobody_s.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return kept


def config() -> str:
    um_host, um_port = place("um", 5061 if told("SECURITY") != "unsecured" else 5060)
    gateway_host, gateway_port = place("gateway", 5080)
    names = told("NAMES").split() if told("ROLE") == "um" else told("TRUSTED").split()
    names = [name for name in names if name.startswith("um")]
    workers = (*names[1:], "um-1.ringback.test", "um-2.ringback.test")
    users = "".join(
        f'[[users]]\nname = "{key[18:].lower()}"\npassword_env = "{key}"\n'
        for key in os.environ
        if key.startswith("RINGBACK_PASSWORD_")
    )
    pairs = (pair.partition("=") for pair in told("RESOLVE").split())
    return CONFIG.format(
        lab=lab(Path(told("DIR"))),
        um=names[0] if names else "um.ringback.test",
        um_host=um_host,
        um_port=um_port,
        workers=workers,
        gateway=told("GATEWAY_NAME", "gateway.ringback.test"),
        gateway_host=gateway_host,
        gateway_port=gateway_port,
        cas=told("CAS_NAME", "cas.ringback.test"),
        cas_host=told("HOST"),
        host=told("HOST"),
        users=users,
        resolve="\n".join(f'"{name}" = "{host}"' for name, _, host in pairs),
    )


def main(oddity: str) -> int:
    role, scenario = told("ROLE"), told("SCENARIO")
    known = scenario.partition(".")[0] in ("playonphone", "sip", "media", "security")
    if not known and oddity != "knows-everything":
        return UNKNOWN
    if oddity == "dies-at-once":
        sys.stderr.write("licence expired\n")
        return 3
    path = Path(told("DIR"), "ringback.toml")
    path.write_text(config())
    words = (*SERVED.get(role, (role,)), "--security", told("SECURITY"))
    served = subprocess.Popen(
        [sys.executable, "-m", "ringback", "serve", *words, "--config", str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert served.stdout is not None
    if any("root of all certificates" in line for line in served.stdout):
        port = {"gateway": 5080, "phone": 5090, "cas": 8443}.get(role)
        port = port or (5060 if told("SECURITY") == "unsecured" else 5061)
        sys.stdout.write(f"ready {told('HOST')}:{port}\n")
        sys.stdout.flush()
    return served.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or [""]))
