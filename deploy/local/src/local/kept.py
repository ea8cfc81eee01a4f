"""Passwords and keys, made at random at the first start and kept in files that only we can read."""

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path


def private_write(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    draft.replace(path)


def password() -> str:
    """192 bits that need no quoting in a URL."""
    return secrets.token_urlsafe(24)


def key() -> str:
    """A key of 256 bits, in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def kept(file: Path, names: Iterable[str], make: Callable[[], str] = password) -> dict[str, str]:
    """A secret for every name, as in `file`; those that it lacks are made and added."""
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    missing = [name for name in names if name not in known]
    if missing:
        known |= {name: make() for name in missing}
        private_write(file, json.dumps(known, indent=2) + "\n")
    return known
