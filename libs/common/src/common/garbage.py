"""The cyclic collector, set for processes that allocate much and leave few cycles."""

import gc

YOUNG = 50_000  # objects that outlive their making before the youngest are looked through
MIDDLE = 20  # such looks before the next generation
OLD = 50


def collect_seldom() -> None:
    """Leave what is loaded by now alone, and look for cycles less often.

    Events, rows and answers die with their last reference. The collector looks through them all the
    same, and through everything that was ever imported: a third of the time of a load of facts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
