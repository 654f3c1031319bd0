"""The kill matrix as one self-contained page, and its numbers for a README."""

import re
from pathlib import Path

from ringback import __version__
from ringback.faults import Misuse
from ringback.judge.catalogue import catalogue
from ringback.proof.matrix import Matrix
from ringback.report.html import rendered

BEGIN, END = "<!-- numbers: make numbers -->", "<!-- end of numbers -->"


def page(matrix: Matrix) -> str:
    """HTML that asks no network."""
    return rendered(
        "matrix.html.j2",
        m=matrix,
        version=__version__,
        verdict="pass" if matrix.is_proof else "fail",
        requirements=tuple(catalogue().values()),
        caught=matrix.caught,
        accused=matrix.accusing,
        alone=matrix.left_alone,
        tried=matrix.mutants_tried,
        holes=matrix.holes,
        unexplained=matrix.unexplained,
        wronged=matrix.wronged,
    )


def numbers(matrix: Matrix) -> str:
    """The same in a few lines of Markdown."""
    return "\n".join(
        (
            "| | |",
            "|---|---|",
            f"| requirements | {matrix.requirements}, of which {len(matrix.killers)} "
            f"caught a faulty role; {len(matrix.toothless)} MUSTs did not |",
            f"| scenarios times dial plan modes | {matrix.plays} in memory |",
            f"| faults, each one rule broken in one role | {len(matrix.faults)}, "
            f"{matrix.caught} caught with the guilty frame named |",
            f"| quirks, odd but legal | {len(matrix.quirks)}, "
            f"{matrix.left_alone} left alone in {_where(matrix)} |",
            f"| mechanical mutants | {matrix.mutants_tried}, of which "
            f"{matrix.mutants_noticed} noticed; "
            f"{matrix.survivors} survive because nothing is wrong with them, "
            f"{matrix.holes} because nobody can see it, {matrix.unexplained} for no "
            "reason |",
            f"| mutants that had an innocent role accused | {matrix.wronged}, of these "
            f"and {matrix.watched} of other calls |",
        )
    )


def _where(matrix: Matrix) -> str:
    """What quirks were played in; see ``trial.trials``."""
    if matrix.share >= 1:
        return "every scenario"
    if not matrix.share:
        return "the plain call"
    return f"the plain call and {min(1.0, 4 * matrix.share):.0%} of the scenarios"


def write_numbers(matrix: Matrix, readme: Path) -> None:
    """Between the two comments that mark their place; Misuse when there is none."""
    text = readme.read_text(encoding="utf-8")
    place = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
    if not place.search(text):
        raise Misuse(f"{readme} has no place for numbers between {BEGIN} and {END}")
    new = f"{BEGIN}\n{numbers(matrix)}\n{END}"
    readme.write_text(place.sub(lambda found: new, text), encoding="utf-8")
