"""Files that are no files: libraries want a path, secrets want no disk."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def unseen(octets: bytes) -> Iterator[str]:
    """A path at which those octets can be read until the block ends."""
    descriptor = in_memory("ringback")
    if descriptor < 0:
        with tempfile.NamedTemporaryFile(prefix="ringback-") as file:  # mode 0600
            file.write(octets)
            file.flush()
            yield file.name
        return
    try:
        os.write(descriptor, octets)
        yield path_of(descriptor)
    finally:
        os.close(descriptor)


def in_memory(name: str) -> int:
    """A descriptor of a file in memory; -1 where the system has none or hides it."""
    if not hasattr(os, "memfd_create"):
        return -1
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    if Path(path_of(descriptor)).exists():
        return descriptor
    os.close(descriptor)
    return -1


def path_of(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"
