"""One dumpcap for many scenarios: what the loopback carried, cut at fences.

A fence is a marker datagram; when the recorder has shown it, everything sent before
it is recorded. dumpcap hands packets over in blocks of 256 KiB, or when its 250 ms are
over: filler behind the marker turns a quarter of a second into some milliseconds.
"""

import fcntl
import os
import re
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from ringback.evidence.packets import CapturedPacket
from ringback.evidence.pcapng import Recording
from ringback.evidence.taps import MARKER
from ringback.faults import Misuse, TestbedFault

PROGRAM: Final = "dumpcap"
_DISCARD_PORT = 9
_PAYLOAD = 14 + 20 + 8  # offset of a datagram's octets: Ethernet, IPv4, UDP
_FILLER = MARKER + bytes(60_000)
_FILLERS = 5  # loopback packets pass the kernel's ring twice: twice 300,000 octets
_PATIENCE = 0.01  # seconds before more filler is sent
_BUFFER = 16  # MiB in the kernel: some seconds of a busy loopback
_PIPE = 1 << 20
_READ = 1 << 20
_NOBODY = "239.255.47.127"  # RFC 2365 §6.1: for use within a site; nobody joins it
_HELD_BACK = 0.3  # seconds: a little more than dumpcap holds packets back
_FENCE_WITHIN = 120  # octets of headers before a fence's own
_DROPPED = re.compile(rb"received/dropped on interface .*: \d+/(\d+) ")


class FarRecorder:
    """What goes between this machine and others by one interface.

    Its fence is a datagram to a multicast group that nobody joins, which lives for one
    hop. No filler hurries it, for that would be the network's load: a cut takes the
    quarter of a second that dumpcap holds packets back.
    """

    def __init__(
        self,
        interface: str,
        here: str,
        there: Iterable[str],
        *,
        program: str = PROGRAM,
        within: float = 5.0,
    ) -> None:
        """Record between ``here``, an IPv4 address of ours, and ``there``."""
        self._recording = Recording()
        self._packets: list[CapturedPacket] = []
        self._fences = self._seen = 0
        self._within = within
        others = " or ".join(f"host {host}" for host in sorted(set(there)))
        wanted = f"(tcp or udp) and host {here} and ({others} or host {_NOBODY})"
        self._process = _started(program, wanted, interface)
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sender.bind((here, 0))
        outward = (socket.IP_MULTICAST_IF, socket.inet_aton(here))
        self._sender.setsockopt(socket.IPPROTO_IP, *outward)
        self._sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        self._sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        try:
            self.cut()  # what it shows is what it can see: it is ready
        except TestbedFault:
            self.close()
            raise

    def cut(self) -> list[CapturedPacket]:
        """The packets since the last cut. TestbedFault as for ``Recorder.cut``."""
        self._fences += 1
        fence = MARKER + b"%d " % self._fences
        end = time.monotonic() + self._within
        while self._seen < self._fences:
            if time.monotonic() > end:
                why = f"no fence in {self._within:g} s"
                raise TestbedFault(f"the recorder towards the SUT shows {why}")
            self._sender.sendto(fence, (_NOBODY, _DISCARD_PORT))
            select.select([self._pipe], [], [], _HELD_BACK)
            self._drain()
        found, self._packets = self._packets, []
        return found

    def close(self) -> None:
        self._sender.close()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.communicate(timeout=self._within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while octets := os.read(self._pipe, _READ):
                for packet in self._recording.feed(octets):
                    self._keep(packet)
            _, words = self._process.communicate(timeout=self._within)
            told = (words or b"").decode(errors="replace").strip()
            raise TestbedFault(f"the recorder towards the SUT died: {told}")

    def _keep(self, packet: CapturedPacket) -> None:
        at = packet.octets.find(MARKER, 0, _FENCE_WITHIN)
        if at < 0:
            self._packets.append(packet)
            return
        number = packet.octets[at + len(MARKER) :].split(b" ", 1)[0]
        if number.isdigit():
            self._seen = max(self._seen, int(number))


class Recorder:
    """A running dumpcap. Whoever has an event loop calls ``drain`` when ``fileno`` is
    readable; others may leave that to ``cut``."""

    def __init__(
        self,
        number: int,
        hosts: Iterable[str] = (),
        *,
        program: str = PROGRAM,
        within: float = 5.0,
        beside: "FarRecorder | None" = None,
    ) -> None:
        """Record 127.0.``number``.0/24 and ``hosts`` on the loopback, from now on.

        ``beside`` records another interface at the same time. Misuse when this machine
        does not let us; TestbedFault when it does not start.
        """
        if missing := rights(program):
            raise Misuse(f"cannot record: {missing}")
        self._recording = Recording()
        self._packets: list[CapturedPacket] = []
        self._fences = 0
        self._seen = 0  # the last fence that the recorder has shown
        self._within = within
        self._beside = beside
        self._process = _started(program, _filter(number, hosts))
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        with suppress(OSError):  # a smaller pipe is only less patient
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE)
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sender.bind((f"127.0.{number}.1", 0))
        self._bin = (f"127.0.{number}.2", _DISCARD_PORT)
        try:
            self.cut()  # what it shows is what it can see: it is ready
        except TestbedFault:
            self.close()
            raise

    def fileno(self) -> int:
        return self._pipe

    def drain(self) -> None:
        """Take what the recorder has. TestbedFault once it is dead."""
        with suppress(BlockingIOError):
            while octets := os.read(self._pipe, _READ):
                for packet in self._recording.feed(octets):
                    self._keep(packet)
            raise TestbedFault(f"the recorder died: {self._last_words()}")

    def cut(self) -> list[CapturedPacket]:
        """The packets since the last cut, all that were sent before this call.

        TestbedFault: the recorder is dead, or does not show the fence in time.
        """
        self._fences += 1
        fence = MARKER + b"%d " % self._fences
        end = time.monotonic() + self._within
        while self._seen < self._fences:
            if time.monotonic() > end:
                raise TestbedFault(f"the recorder shows no fence in {self._within:g} s")
            self._sender.sendto(fence, self._bin)  # again: it may not listen yet
            for _ in range(_FILLERS):
                self._sender.sendto(_FILLER, self._bin)
            select.select([self._pipe], [], [], _PATIENCE)
            self.drain()
        found, self._packets = self._packets, []
        if self._beside is None:
            return found
        return sorted([*found, *self._beside.cut()], key=lambda p: p.time_ns)

    def close(self) -> int:
        """End it; how many packets it says it dropped, -1 when it does not say."""
        self._sender.close()
        if self._beside is not None:
            self._beside.close()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            _, words = self._process.communicate(timeout=self._within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, words = self._process.communicate()
        found = _DROPPED.search(words or b"")
        return int(found[1]) if found else -1

    def _keep(self, packet: CapturedPacket) -> None:
        if not packet.octets.startswith(MARKER, _PAYLOAD):
            self._packets.append(packet)
            return
        number = packet.octets[_PAYLOAD + len(MARKER) :].split(b" ", 1)[0]
        if number.isdigit():
            self._seen = int(number)

    def _last_words(self) -> str:
        _, words = self._process.communicate(timeout=self._within)
        lines = (words or b"").decode(errors="replace").split("\n")
        return next((w.strip() for w in lines if w.startswith(PROGRAM)), "no reason")


def rights(program: str = PROGRAM) -> str:
    """Empty when the loopback can be recorded here; else the command that helps."""
    path = shutil.which(program)
    if path is None:
        return "apt-get install tshark"
    asked = subprocess.run(
        [path, "-i", "lo", "-L"], capture_output=True, check=False, timeout=10
    )
    if asked.returncode == 0:
        return ""
    return f"setcap cap_net_raw,cap_net_admin=eip {path}"


def _filter(number: int, hosts: Iterable[str]) -> str:
    """ICMP is left out: the fillers would be answered with it."""
    places = [f"net 127.0.{number}.0/24", *(f"host {host}" for host in hosts)]
    return f"(tcp or udp) and ({' or '.join(places)})"


def _started(
    program: str, wanted: str, interface: str = "lo"
) -> subprocess.Popen[bytes]:
    command = [
        program,
        "-q",
        "-i",
        interface,
        "-B",
        str(_BUFFER),
        "-f",
        wanted,
        "-w",
        "-",
    ]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is not meant for it
        )
    except OSError as trouble:
        raise TestbedFault(f"the recorder does not start: {trouble}") from trouble
