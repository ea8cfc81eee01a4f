"""What lists share: who may see which area."""

from collections.abc import Collection

from common.auth import Principal
from common.problems import Problem


def area(caller: Principal, region: str | None, departments: Collection[str]) -> str:
    """The area to list: the caller's own unless a part of it is asked for.

    Raises `Problem` (403) outside the caller's area or for another department.
    """
    if caller.actor.department not in departments:
        raise Problem("not-routed")
    return caller.area(region)
