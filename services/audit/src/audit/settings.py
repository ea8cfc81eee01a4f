"""What audit reads from its environment beside the common settings."""

import base64
import os

from audit.verify import Key, key_of
from common.note import Signer
from common.settings import Settings

ORIGIN = "shouwang.cn/audit"


class AuditSettings(Settings):
    """`log_key` is the seed of the Ed25519 key that signs checkpoints: 32 bytes in base64.

    `log_origin` is the name of the log, a URL without scheme; it is in every checkpoint, and never
    changes. `log_witnesses` are the vkeys of those whose cosignatures it takes, with a space between.
    `statement_keys` are the vkeys of the services, its own too, whose statements it takes.
    """

    log_key: str
    log_origin: str = ORIGIN
    log_witnesses: str = ""
    statement_keys: str
    identification_url: str | None = None  # for finding by identity number; without it, that is off


def own_key() -> str | None:
    """The verifier key of the log, for a program in audit's environment; `None` if LOG_KEY is not set.
    Raises `ValueError` for what is no key."""
    seed, name = os.environ.get("LOG_KEY"), os.environ.get("LOG_ORIGIN", ORIGIN)
    return Signer(name, base64.b64decode(seed, validate=True)).vkey if seed else None


def keys_in(setting: str) -> list[Key]:
    """The keys of witnesses or services, as a setting has them: with a space between. Raises `ValueError` for
    what is no key."""
    return [key_of(key) for key in setting.split()]
