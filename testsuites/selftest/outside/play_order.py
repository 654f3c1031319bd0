"""``ringback play`` as a mail client under test; a word makes it wrong on purpose.

``another-number``: it orders to another number than it was told.
"""

import os
import sys

UNKNOWN = 127


def main(oddity: str) -> None:
    told = {k.removeprefix("RINGBACK_"): v for k, v in os.environ.items()}
    if not told["SCENARIO"].startswith("playonphone."):
        sys.exit(UNKNOWN)
    number = "+12065550199" if oddity == "another-number" else told["DIAL"]
    words = [
        *(sys.executable, "-m", "ringback", "play"),
        *("--cas", told["CAS_URL"], "--ca", told["CA"], "--dialect", told["DIALECT"]),
        *("--user", told["USER"], "--password-env", "RINGBACK_PASSWORD"),
        *("--message", told["MESSAGE"], "--to", number),
    ]
    for pair in told["RESOLVE"].split():
        words += ["--resolve", pair]
    os.execv(sys.executable, words)


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
