"""The table of TLS defects for people: ``python -m ringback.verbs.defect_table FILE``
writes it into a Markdown file, between its two marks."""

import sys
from collections.abc import Iterable
from pathlib import Path

from ringback.faults import Misuse
from ringback.judge.defects import Defect, Direction, Fate, defects
from ringback.judge.tables.tls_certificates import BY_FACET, DIRECTIONS

FIRST = "<!-- table of defects: python -m ringback.verbs.defect_table docs/tls.md -->"
LAST = "<!-- end of the table of defects -->"
LETTERS = {Fate.ACCEPTED: "A", Fate.FORBIDDEN: "403", Fate.REFUSED: "R"}
ORDER = (Fate.REFUSED, Fate.FORBIDDEN, Fate.ACCEPTED)


def written(text: str) -> str:
    """The page with the table of today; Misuse when it lacks the marks."""
    before, first, rest = text.partition(FIRST)
    _, last, after = rest.partition(LAST)
    if not (first and last):
        raise Misuse(f"the page lacks the mark {LAST if first else FIRST}")
    return f"{before}{FIRST}\n\n{table()}\n\n{LAST}{after}"


def table() -> str:
    return "\n\n".join(
        (
            _table("The certificate …", "certificate"),
            _table("Who opens or serves the connection …", "connection"),
            _requirements(),
        )
    )


def _table(title: str, kind: str) -> str:
    heads = (f"`{d}`" for d in DIRECTIONS)
    rows = [d for d in defects().values() if d.row.kind == kind]
    return "\n".join(
        (
            _line("defect", title, *heads, "failure name", "source"),
            _line(*["---"] * 8),
            *map(_row, rows),
        )
    )


def _row(one: Defect) -> str:
    says = one.row.says + (f" *(not played: {one.row.untested})*" * _is(one))
    cells = (_cell(one, direction) for direction in DIRECTIONS)
    return _line(f"`{one.name}`", says, *cells, one.row.failure, one.row.source)


def _is(one: Defect) -> int:
    return int(bool(one.row.untested))


def _cell(one: Defect, direction: Direction) -> str:
    """Modern; and where it differs, era-2007."""
    modern = _letters(one.cell(direction, "modern").allowed)
    era = _letters(one.cell(direction, "era-2007").allowed)
    return modern if modern == era else f"{modern}; era {era}"


def _letters(allowed: Iterable[Fate]) -> str:
    found = set(allowed)
    return "/".join(LETTERS[fate] for fate in ORDER if fate in found) or "-"


def _requirements() -> str:
    rows = (
        _line(facet, ", ".join(_names(facet)), *BY_FACET[facet]) for facet in BY_FACET
    )
    heads = (f"`{d}`" for d in DIRECTIONS)
    return "\n".join((_line("facet", "defects", *heads), _line(*["---"] * 6), *rows))


def _names(facet: str) -> list[str]:
    return [f"`{d.name}`" for d in defects().values() if d.row.facet == facet]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main(words: list[str]) -> int:
    for word in words:
        path = Path(word)
        path.write_text(written(path.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
