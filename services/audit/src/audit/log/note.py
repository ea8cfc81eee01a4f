"""C2SP signed notes: the log's key, its checkpoints, and the state that a checkpoint signs. Pure.

The log of checkpoints has one entry a *state*: a text with the size and root of every tree and of
the heads map. What is signed is a plain tlog-checkpoint of that log, three lines without extensions,
so that any C2SP witness can cosign it.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.verify import STATE, SUCCESSION, Head
from contracts.envelope import timestamp

LOG, WITNESS = b"\x01", b"\x04"


class Signer:
    """An Ed25519 key with the name that it signs under. `seed` is 32 bytes.

    Raises `ValueError` for a name with a space or plus, or a seed of another length.
    """

    def __init__(self, name: str, seed: bytes, kind: bytes = LOG) -> None:
        if not name or "+" in name or any(c.isspace() for c in name):
            raise ValueError("the name of a log is a URL without scheme, spaces or plus")
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._material = kind + self._private.public_key().public_bytes_raw()
        self._id = sha256(name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key, for readers to keep: `name+id+base64`."""
        return f"{self.name}+{self._id.hex()}+{base64.b64encode(self._material).decode()}"

    def sign(self, text: str) -> str:
        """The text, which ends with a newline, as a signed note."""
        return f"{text}\n{self._line(self._private.sign(text.encode()))}"

    def also_sign(self, note: str) -> str:
        """The note with our line after the others."""
        return note + self._line(self._private.sign(note.rpartition("\n\n")[0].encode() + b"\n"))

    def cosign(self, note: str, moment: datetime) -> str:
        """The note with our line after the others: a cosignature/v1 of what it says, at `moment`."""
        text, seconds = note.rpartition("\n\n")[0] + "\n", int(moment.timestamp())
        signature = self._private.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        return note + self._line(seconds.to_bytes(8, "big") + signature)

    def _line(self, signature: bytes) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self._id + signature).decode()}\n"


def succession(old: Signer, new: Signer, size: int) -> str:
    """A note, signed by both, that `new` signs for the log in place of `old` after `size` states."""
    return new.also_sign(old.sign(f"{SUCCESSION}\n{old.vkey}\n{new.vkey}\n{size}\n"))


def checkpoint(head: Head) -> str:
    """The three lines of a tlog-checkpoint."""
    return f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"


def state(moment: datetime, trees: Mapping[str, tuple[int, bytes]]) -> str:
    """The entry of the log of checkpoints: every tree by name, `heads` among them."""
    lines = [f"{n} {size} {base64.b64encode(r).decode()}\n" for n, (size, r) in trees.items()]
    return f"{STATE}\n{timestamp(moment)}\n{''.join(sorted(lines))}"
