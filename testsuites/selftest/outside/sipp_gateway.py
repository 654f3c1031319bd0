"""SIPp as a gateway that is started for each scenario, and knows two of them."""

import os
import signal
import sys

from testsuites.selftest.outside.sipp import Sipp

PORT = 5060
KNOWN = ("playonphone.the-plain-call", "playonphone.a-busy-phone")


def main() -> int:
    if os.environ["RINGBACK_SCENARIO"] not in KNOWN:
        return 127
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host = os.environ["RINGBACK_HOST"]
    with Sipp("gateway", host, PORT, keys={"elsewhere": "nowhere.invalid"}):
        sys.stdout.write(f"ready {host}:{PORT}\n")
        sys.stdout.flush()
        while True:
            signal.pause()


if __name__ == "__main__":
    sys.exit(main())
