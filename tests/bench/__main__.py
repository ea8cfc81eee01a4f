"""`make bench`: every figure of docs/performance.md, measured in one run, in one table.

python -m tests.bench [--only NAME …] [--quick] [--grow]
"""

import argparse
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
import uvloop

from common.garbage import collect_seldom
from local.places import LOCAL
from local.steps import only_one, trouble_told
from tests.bench import append, audit, over_http, relay, what_if
from tests.bench.bench import FULL, QUICK, Bench, Sizes
from tests.bench.figures import Figure, growth, table, write

NAMES = (
    "facts",
    "command",
    "append",
    "batch",
    "relay",
    "latency",
    "consumer",
    "rebuild",
    "timeline",
    "what-if",
)
SECTIONS: tuple[Callable[[Bench], Awaitable[None]], ...] = (
    append.run,
    relay.run,
    over_http.run,
    audit.run,
    what_if.run,
)


async def _measured(sizes: Sizes, only: list[str]) -> Bench:
    bench = Bench(LOCAL / "bench", sizes, only)
    for section in SECTIONS:
        await section(bench)
    return bench


async def _run(wanted: argparse.Namespace) -> None:
    sizes: Sizes = QUICK if wanted.quick else FULL
    bench = await _measured(sizes, wanted.only)
    figures = bench.figures
    print("\n" + table(figures))
    for note in bench.notes:
        print(f"\n{note}")
    if wanted.quick:
        print("\nQuick: sizes too small for these figures to mean anything.")
    write(figures, LOCAL / "bench.json")
    if wanted.grow:
        print("\nThe same at ten times the data.")
        larger = replace(sizes, there=sizes.there * 10, rebuild=sizes.rebuild // 10)
        grown = (await _measured(larger, wanted.only)).figures
        # A rebuild of ten times a million would take an hour: its small run is the second one.
        rebuilt = [f for f in figures if f.name.startswith("rebuild")]
        small = [f for f in figures if f not in rebuilt]
        small += [f for f in grown if f.name.startswith("rebuild")]
        large: list[Figure] = [f for f in grown if not f.name.startswith("rebuild")] + rebuilt
        print("\n" + growth(small, large))


def main() -> None:
    """Measure; exit 0 whatever the figures are, for a bench is no test."""
    asking = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asking.add_argument(
        "--only", nargs="+", choices=NAMES, default=[], metavar="NAME", help=", ".join(NAMES)
    )
    asking.add_argument(
        "--quick", action="store_true", help="small sizes, for developing the bench"
    )
    asking.add_argument("--grow", action="store_true", help="measure again at ten times the data")
    wanted = asking.parse_args()
    for given in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        if os.environ.pop(given, None):
            print(f"{given} is set aside: the bench starts servers of its own.")
    # Brokers that are still electing leaders, and a group that is just made, are no news here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    collect_seldom()
    with trouble_told(), only_one(LOCAL / "bench.lock", "A bench is running: process {pid}."):
        uvloop.run(_run(wanted))


if __name__ == "__main__":
    main()
