"""C2SP signed notes: an Ed25519 key with a name, and texts under its signature. Pure.

Audit signs its checkpoints so, and every service the statements of its store. What verifies them is
`audit.verify`, which needs nothing of ours.
"""

import base64
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

AUTHORITY = "shouwang.cn"  # in the names of the services' keys
SIGNATURE, WITNESS = b"\x01", b"\x04"


class Signer:
    """An Ed25519 key with the name that it signs under. `seed` is 32 bytes.

    Raises `ValueError` for a name with a space or plus, or a seed of another length.
    """

    def __init__(self, name: str, seed: bytes, kind: bytes = SIGNATURE) -> None:
        if not name or "+" in name or any(c.isspace() for c in name):
            raise ValueError("the name of a key is a URL without scheme, spaces or plus")
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


def signer_of(service: str, key: str) -> Signer:
    """What a service signs with; `key` is 32 bytes in base64. Raises `ValueError`."""
    return Signer(f"{AUTHORITY}/{service}", base64.b64decode(key, validate=True))
