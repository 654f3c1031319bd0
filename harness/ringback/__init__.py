"""ringback: a conformance and interop test harness for Play on Phone."""

__version__ = "0.1.0"
