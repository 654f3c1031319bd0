"""baresip without a sound card: answers by itself, speaks a file, records the rest."""

import json
import socket
import wave
from collections.abc import Sequence
from pathlib import Path

from testsuites.selftest.outside.program import Program

from ringback.net.identity import Identity
from ringback.places import fixtures

MODULES = Path("/usr/lib/baresip/modules")
CONTROL_PORT = 4444
READY = "baresip is ready."
SPEAKS = fixtures() / "audio" / "meeting.wav"
TIMES = 20  # when its file ends baresip forgets the call, and tells nobody

CONFIG = """\
poll_method epoll
sip_listen {host}:{port}
{certificate}
call_local_timeout 120
call_max_calls 4
audio_source aufile,{speaks}
audio_player aubridge,nobody
audio_alert aubridge,nobody
rtp_ports 10000-10999
jitter_buffer_delay 1-5
module_path {modules}
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module srtp.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control}
snd_path {folder}
"""
ACCOUNT = "<sip:{user}@{host}:{port};transport={transport}>;{words}\n"


class Baresip(Program):
    """Clear at ``port``, over TLS, with a certificate, at the port after it.

    It takes calls for ``number`` and answers 404 to any other. ``encryption`` is one of
    baresip's own words, such as ``srtp-mand``. After the end ``recorded`` are the WAV
    files of what it heard, call by call (of those in one second only the last).
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        certificate: Identity | None = None,
        encryption: str = "",
        number: str = "+12065550123",
    ) -> None:
        super().__init__()
        self.host = host
        self.port = port
        self.certificate = certificate
        self.encryption = encryption
        self.number = number
        self.recorded: tuple[bytes, ...] = ()

    def command(self) -> Sequence[str]:
        secured = ""
        if self.certificate is not None:
            pem = self.folder / "baresip.pem"
            pem.touch(mode=0o600)
            pem.write_bytes(self.certificate.key + self.certificate.chain)
            secured = f"sip_certificate {pem}"
        config = CONFIG.format(
            host=self.host,
            port=self.port,
            certificate=secured,
            speaks=self._speech(),
            modules=MODULES,
            control=CONTROL_PORT,
            folder=self.folder,
        )
        (self.folder / "config").write_text(config)
        (self.folder / "accounts").write_text(self._account())
        return ["baresip", "-f", str(self.folder), "-s"]

    def ready(self) -> None:
        self.says(READY)
        port = self.port if self.certificate is None else self.port + 1
        try:
            socket.create_connection((self.host, port), 5).close()
        except OSError as trouble:
            why = "it listens only on a machine with an address beside the loopback"
            raise AssertionError(f"baresip at {self.host}:{port}: {why}") from trouble

    def hangs_up(self) -> None:
        """Tell it to; a netstring of JSON is what its control port takes."""
        order = json.dumps({"command": "hangup"})
        with socket.create_connection((self.host, CONTROL_PORT), 5) as control:
            control.sendall(f"{len(order)}:{order},".encode())
            control.recv(4096)  # its answer: done

    def collect(self) -> None:
        heard = sorted(self.folder.glob("dump-*-dec.wav"))
        self.recorded = tuple(path.read_bytes() for path in heard)

    def _speech(self) -> Path:
        """A file longer than any call."""
        path = self.folder / "speech.wav"
        with wave.open(str(SPEAKS)) as short, wave.open(str(path), "wb") as long:
            long.setparams(short.getparams())
            long.writeframes(short.readframes(short.getnframes()) * TIMES)
        return path

    def _account(self) -> str:
        words = ["regint=0", "answermode=auto", "audio_codecs=pcmu,pcma", "ptime=20"]
        if self.encryption:
            words.append(f"mediaenc={self.encryption}")
        return ACCOUNT.format(
            user=self.number,
            host=self.host,
            port=self.port if self.certificate is None else self.port + 1,
            transport="tcp" if self.certificate is None else "tls",
            words=";".join(words),
        )
