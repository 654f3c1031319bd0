"""Another machine, as far as IP can tell: a network namespace behind two veths."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import pytest


def possible() -> None:
    """Skip the test, and say what would help, where no namespace can be made."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root: sudo make test")
    if shutil.which("ip") is None:
        pytest.skip("ip is not installed: apt-get install iproute2")


class Namespace:
    """``here`` is our address towards it, ``there`` the one of who runs in it.

    Both are from a range set aside for documentation (RFC 5737 §3), a /30 per number.
    """

    def __init__(self, number: int) -> None:
        self.name = f"ringback-{number}"
        self._near, self._far = f"rb{number}n", f"rb{number}f"
        start = number % 64 * 4
        self.here, self.there = f"203.0.113.{start + 1}", f"203.0.113.{start + 2}"

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command, as it is run there; ``exec`` puts it in the place of ``ip``."""
        return ["ip", "netns", "exec", self.name, *command]

    def __enter__(self) -> Self:
        _ip("netns", "add", self.name)
        try:
            ends = ("type", "veth", "peer", "name", self._far, "netns", self.name)
            _ip("link", "add", self._near, *ends)
            _ip("address", "add", f"{self.here}/30", "dev", self._near)
            _ip("link", "set", self._near, "up")
            far = ("-n", self.name)
            _ip(*far, "address", "add", f"{self.there}/30", "dev", self._far)
            _ip(*far, "link", "set", self._far, "up")
            _ip(*far, "link", "set", "lo", "up")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The veths go with it."""
        _ip("netns", "delete", self.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)
