"""``python -m ringback`` is the command line."""

from ringback.cli import main

main()
