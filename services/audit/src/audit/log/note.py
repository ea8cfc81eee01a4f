"""What the log's key signs: checkpoints with the state behind them, and successions of keys. Pure.

Each entry of the log of checkpoints is a *state*: a text with the size and root of every tree and of the
heads map. The key signs a plain tlog-checkpoint of that log, which any C2SP witness can cosign; an
extension line of it signs what events mean (ADR 0025).
"""

import base64
from collections.abc import Mapping
from datetime import datetime

from audit.verify import STATE, SUCCESSION, Head
from common.note import Signer
from contracts.envelope import timestamp


def succession(old: Signer, new: Signer, size: int) -> str:
    """A note, signed by both keys: after `size` states, `new` signs for the log in place of `old`."""
    return new.also_sign(old.sign(f"{SUCCESSION}\n{old.vkey}\n{new.vkey}\n{size}\n"))


def plain(line: str) -> str:
    """A signature line in its one plain form. A line with something more behind it may verify too, but
    other readers of notes would refuse a note with it."""
    dash, name, material, *_ = line.split(" ")
    return f"{dash} {name} {base64.b64encode(base64.b64decode(material)).decode()}"


def checkpoint(head: Head) -> str:
    """The three lines of a tlog-checkpoint, and an extension line for what it signs of meanings."""
    text = f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"
    if head.meanings:
        types, root = head.meanings
        text += f"meanings {types} {base64.b64encode(root).decode()}\n"
    return text


def state(moment: datetime, trees: Mapping[str, tuple[int, bytes]]) -> str:
    """The entry of the log of checkpoints: every tree by name, `heads` among them."""
    lines = [f"{n} {size} {base64.b64encode(r).decode()}\n" for n, (size, r) in trees.items()]
    return f"{STATE}\n{timestamp(moment)}\n{''.join(sorted(lines))}"
