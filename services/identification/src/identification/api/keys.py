"""Idempotency keys, as they may be kept for ever beside the log.

A key names households too (a split, a declaration): an identity number in it would outlive an erasure, and
whoever guesses it would find the household.
"""

from fastapi import Request

from common import http
from common.auth import Principal
from common.intents import Key
from common.problems import Problem, fault
from identification.identity import is_in


def required_key(request: Request) -> str:
    """The `Idempotency-Key`. Raises `Problem`: 400 without one, 422 if it holds an identity number."""
    key = http.required_key(request)
    if is_in(key):
        raise Problem("invalid", faults=[fault("/Idempotency-Key", "personal")])
    return key


async def key_of(request: Request, caller: Principal) -> Key:
    """What names the caller's action. Raises `Problem` as `required_key`."""
    required_key(request)
    return await http.key_of(request, caller)


async def standing_key(request: Request, caller: Principal) -> Key:
    """As `common.http.standing_key`. Raises `Problem` as `required_key`."""
    required_key(request)
    return await http.standing_key(request, caller)
