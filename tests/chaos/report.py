"""The table that a run ends with, for people and as JSON."""

from collections.abc import Sequence

from tests.chaos.arena import Row

COUNTS = (
    "accepted",
    "stored",
    "on_topic",
    "projected",
    "in_the_timeline",
    "lost",
    "doubled",
    "out_of_order",
)


def table(rows: Sequence[Row]) -> str:
    """One line a case; a case that failed says why below."""
    heads = ["test", *(name.replace("_", " ") for name in COUNTS), "back after", ""]
    lines = [heads]
    for row in rows:
        seconds = row.seconds_to_recover
        lines.append(
            [
                f"{row.case.number} {row.case.name}"[:60],
                *(f"{getattr(row.verdict, name):,}" for name in COUNTS),
                "–" if seconds is None else f"{seconds:.1f} s",
                "ok" if row.good else "FAILED",
            ]
        )
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    text = [
        "  ".join(
            cell.ljust(width) if n in (0, len(heads) - 1) else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    failed = [f"{row.case.number}: {row.failed}" for row in rows if row.failed]
    return "\n".join(["", text[0], "-" * len(text[0]), *text[1:], *failed, ""])


def as_json(rows: Sequence[Row]) -> list[dict[str, object]]:
    """The same, with snake_case names."""
    return [
        {
            "test": row.case.number,
            "name": row.case.name,
            **{name: getattr(row.verdict, name) for name in COUNTS},
            "seconds_to_recover": row.seconds_to_recover and round(row.seconds_to_recover, 2),
            "good": row.good,
            "failed": row.failed,
            "notes": list(row.notes),
        }
        for row in rows
    ]
