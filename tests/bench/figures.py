"""What was measured, beside its limit, as one table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table.

    `limit` is in the unit of `value`, measured in the same run on the same rows; `against` says what
    it is. The goal: at least `least` and at least `share` of the limit, or, for times, below `below`.
    """

    name: str
    value: float
    unit: str
    against: str = ""
    limit: float | None = None
    least: float | None = None
    share: float | None = None
    below: float | None = None

    @property
    def ratio(self) -> float | None:
        """Of value to limit."""
        return self.value / self.limit if self.limit else None

    @property
    def target(self) -> str:
        """The goal in words; empty where there is none."""
        goals = []
        if self.least is not None:
            goals.append(f"≥ {self.least:,.0f}")
        if self.share is not None:
            goals.append(f"ratio ≥ {self.share:g}")
        if self.below is not None:
            goals.append(f"< {self.below:g}")
        return ", ".join(goals)

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; `None` where there is none."""
        reached = []
        if self.least is not None:
            reached.append(self.value >= self.least)
        if self.share is not None:
            reached.append(self.ratio is not None and self.ratio >= self.share)
        if self.below is not None:
            reached.append(self.value < self.below)
        return all(reached) if reached else None

    def as_json(self) -> dict[str, object]:
        """As `.local/bench.json` holds it."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "against": self.against,
            "limit": self.limit,
            "ratio": self.ratio,
            "target": self.target,
            "met": self.met,
        }


def table(figures: Sequence[Figure]) -> str:
    """The figures in Markdown, in columns that line up in a terminal too."""
    head = ["What", "Figure", "Unit", "Limit", "Ratio", "Target", "Met", "The limit is"]
    return _columns([head, *(_cells(figure) for figure in figures)])


def growth(small: Sequence[Figure], large: Sequence[Figure]) -> str:
    """The figures that both runs have, and how the cost of each grew with ten times the data."""
    rows = [["What", "Unit", "At 1×", "At 10×", "Cost ×", "Curve"]]
    grown = {figure.name: figure for figure in large}
    for one in small:
        if (ten := grown.get(one.name)) and one.unit in (RATE, TIME):
            dearer = one.value / ten.value if one.unit == RATE else ten.value / one.value
            rows.append([one.name, one.unit, _number(one.value), _number(ten.value)])
            rows[-1] += [f"{dearer:.2f}", curve(dearer)]
    return _columns(rows)


RATE, TIME = "/s", "ms"


def curve(dearer: float) -> str:
    """The name of a curve on which ten times the data cost `dearer` times as much each."""
    if dearer < 1.25:
        return "flat"
    return "logarithmic" if dearer < 2.5 else "between" if dearer < 7 else "linear"


def write(figures: Sequence[Figure], file: Path) -> None:
    """As JSON, for programs."""
    text = json.dumps([figure.as_json() for figure in figures], ensure_ascii=False, indent=2)
    file.write_text(text + "\n", "utf-8")


def percentile(values: Sequence[float], percent: int) -> float:
    """By nearest rank: the least value that so many of a hundred do not exceed."""
    rank = -(-len(values) * percent // 100)
    return sorted(values)[rank - 1]


def _cells(figure: Figure) -> list[str]:
    met = {True: "yes", False: "NO", None: ""}[figure.met]
    limit = "" if figure.limit is None else _number(figure.limit)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    shown = [figure.name, _number(figure.value), figure.unit, limit, ratio]
    return [*shown, figure.target, met, figure.against]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])
