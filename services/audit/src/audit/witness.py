#!/usr/bin/env python3
"""Be a witness of a log, for a body other than its keeper: this file beside verify.py, nothing else.

    python3 witness.py LOG-URL --name NAME --seed FILE --memory FILE [--key VKEY] [--offer] [--every SECONDS]

It remembers the last checkpoint that it has seen, refuses one that does not continue it, and cosigns
one that does. What it cosigned is printed, and kept in the memory file, which may be given to anybody.
Its verifier key is told on the error output, for readers to give as `--witness` of verify.py.

Exit codes: 0 cosigned; 30 contradicts what was seen; 40 nobody that is trusted signed it; 64 wrong use,
or the log does not answer. The format is C2SP tlog-cosignature (cosignature/v1).
"""

from __future__ import annotations  # this needs Python 3.7 or newer 需要 Python 3.7 以上

import base64
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from hashlib import sha256, sha512
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    from audit import verify
except ImportError:  # on a machine of the witness
    import verify  # type: ignore[import-not-found, no-redef]

if TYPE_CHECKING:  # outside annotations it needs Python 3.9
    Fetch = Callable[[str], bytes]  # a path of the log, to what is there

# What a log may make of an answer: none, half of one, or one that nobody understands.
FAILED = (OSError, HTTPException, *verify.BROKEN)


def _packed(point: Any) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, verify.P - 2, verify.P)
    x, y = x * inverse % verify.P, y * inverse % verify.P
    return int(y | (x & 1) << 255).to_bytes(32, "little")


def _expanded(seed: bytes) -> tuple[int, bytes, bytes]:
    digest = sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return secret, digest[32:], _packed(verify.times(secret, verify.BASE))


def ed25519_signed(seed: bytes, message: bytes) -> bytes:
    """The signature of 64 bytes by the key of this seed (32 bytes). Its time tells of the key: for a
    witness, who signs alone and seldom."""
    secret, prefix, public = _expanded(seed)
    nonce = int.from_bytes(sha512(prefix + message).digest(), "little") % verify.L
    point = _packed(verify.times(nonce, verify.BASE))
    digest = int.from_bytes(sha512(point + public + message).digest(), "little") % verify.L
    return point + ((nonce + digest * secret) % verify.L).to_bytes(32, "little")


class Witness:
    """A body other than the log's keeper: it remembers the last checkpoint that it has seen.

    `name` is a URL without scheme, spaces or plus; `seed` 32 bytes, its secret; `memory` the file with
    the checkpoint, cosigned, as it may be given to anybody.
    """

    def __init__(self, name: str, seed: bytes, memory: Path) -> None:
        if not name or "+" in name or any(c.isspace() for c in name) or len(seed) != 32:
            raise ValueError("a witness has a name without spaces or plus, and a seed of 32 bytes")
        self.name, self._seed, self.memory = name, seed, memory
        self._material = b"\x04" + _expanded(seed)[2]
        self._id = sha256(name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def vkey(self) -> str:
        """What a reader gives as `--witness`."""
        return f"{self.name}+{self._id.hex()}+{base64.b64encode(self._material).decode()}"

    def look(self, fetch: Fetch, keys: list[verify.Key], now: int) -> str:
        """Fetch the log's checkpoint and cosign it, if it continues the one that is remembered.

        `now` is in seconds since 1970. It is remembered before it is given out. Raises `Bad`, and
        then remembers what it did: no key signed it, or it contradicts what was seen before.
        """
        note = fetch("/v1/log/checkpoint").decode()
        told = json.loads(fetch("/v1/log/keys"))
        trusted, head = verify.successors(keys, told["successions"]), verify.head_of(note)
        if not verify.signers(note, trusted):
            raise verify.Bad(
                verify.INVALID, "检查点没有可信签名", "no key that you trust signed the checkpoint"
            )
        if self.memory.exists():
            self._continues(verify.head_of(self.memory.read_text("utf-8")), head, fetch)
        text = note.rpartition("\n\n")[0] + "\n"
        signature = ed25519_signed(self._seed, f"cosignature/v1\ntime {now}\n{text}".encode())
        line = base64.b64encode(self._id + now.to_bytes(8, "big") + signature).decode()
        ours = [verify.key_of(self.vkey)]
        lines = [
            one for one in note.rpartition("\n\n")[2].splitlines() if self.name not in one.split()
        ]
        cosigned = f"{text}\n" + "".join(
            f"{one}\n" for one in [*lines, f"\u2014 {self.name} {line}"]
        )
        if verify.signers(cosigned, ours) != [self.name]:
            raise verify.Bad(verify.INVALID, "签名失败", "the cosignature does not verify")
        fresh = self.memory.with_name(self.memory.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(cosigned)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.memory)
        return cosigned

    def _continues(self, old: verify.Head, new: verify.Head, fetch: Fetch) -> None:
        if old.origin != new.origin or new.size < old.size:
            raise verify.Bad(
                verify.DIVERGED, f"早于已见{old.size}", f"older than what was seen ({old.size})"
            )
        if new.size == old.size:
            if new != old:
                raise verify.Bad(
                    verify.DIVERGED, "同一大小两个检查点", f"two checkpoints of size {old.size}"
                )
            return
        before, after = (
            json.loads(fetch(f"/v1/log/checkpoints/{head.size}")) for head in (old, new)
        )
        grown = json.loads(fetch(f"/v1/log/consistency?from={old.size}&to={new.size}"))
        told = {
            "consistency": grown["proof"],
            "state": before["state"],
            "state_proof": before["state_proof"],
            "trees": grown["trees"],
        }
        leaf, proof = verify.leaf_hash(after["state"].encode()), verify.hashes(after["state_proof"])
        if not verify.included(new.size - 1, new.size, leaf, proof, new.root) or not verify.extends(
            old, new, told, verify.state_of(after["state"])
        ):
            raise verify.Bad(
                verify.DIVERGED, f"与已见{old.size}矛盾", f"contradicts what was seen ({old.size})"
            )


def main(arguments: list[str] | None = None) -> int:
    """Look at a log as a witness, print the cosigned checkpoint, and return the exit code."""
    asking = verify.Arguments(prog="witness.py", description="Watch a log, and cosign it.")
    asking.add_argument("log", help="where the log is: https://…")
    asking.add_argument("--name", required=True, help="of the witness: a URL without scheme")
    asking.add_argument(
        "--seed", type=Path, required=True, help="file of its secret; made if missing"
    )
    asking.add_argument("--memory", type=Path, required=True, help="file of the last checkpoint")
    asking.add_argument("--key", action="append", default=[], help="vkey of the log, or a file")
    asking.add_argument("--offer", action="store_true", help="give the cosignature to the log")
    asking.add_argument("--every", type=float, help="seconds between looks; without it, once")
    asking.add_argument("--lang", choices=("zh", "en"), default="zh")
    asked = asking.parse_args(arguments)
    english = asked.lang == "en"
    try:
        if not asked.seed.exists():
            with os.fdopen(
                os.open(asked.seed, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w"
            ) as file:
                file.write(secrets.token_bytes(32).hex() + "\n")
        me = Witness(asked.name, bytes.fromhex(asked.seed.read_text("ascii")), asked.memory)
        keys = [verify.key_of(verify.text_of(k)) for k in asked.key or verify.LOG_KEYS]
    except (OSError, ValueError) as error:
        asking.error(str(error))
    if not keys:
        asking.error(
            "--key: whose log is it? Ask its keeper for the verifier key (GET /v1/log/key)."
        )
    sys.stderr.write(f"{me.vkey}\n")
    while True:
        code = _look(me, asked.log.rstrip("/"), keys, english, asked.offer)
        if asked.every is None or code in (verify.DIVERGED, verify.INVALID):
            return code
        time.sleep(asked.every)


def _look(me: Witness, url: str, keys: list[verify.Key], english: bool, offer: bool) -> int:
    def fetch(path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(url + path, body, {"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    try:
        cosigned = me.look(fetch, keys, int(time.time()))  # noqa: TID251 — a program of its own
        if offer:
            fetch("/v1/log/cosignatures", cosigned.encode())
    except verify.Bad as bad:
        sys.stderr.write(f"{verify.VERDICTS[bad.code][english]}: {(bad.zh, bad.en)[english]}\n")
        return bad.code
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"{verify.VERDICTS[verify.USAGE][english]}: {_refusal(error, english)}\n")
        return verify.USAGE
    except FAILED as error:
        sys.stderr.write(
            f"{verify.VERDICTS[verify.USAGE][english]}: {type(error).__name__}: {error}\n"
        )
        return verify.USAGE
    sys.stdout.write(cosigned)
    return verify.WITNESSED


def _refusal(error: urllib.error.HTTPError, english: bool) -> str:
    """What the log says of a request that it does not take, in one line."""
    try:
        said = str(json.loads(error.read(10_000))[("title", "title_en")[english]])
    except FAILED:
        said = error.reason
    return f"{error.code} {''.join(c for c in said if c.isprintable())[:500]}"


if __name__ == "__main__":
    sys.exit(main())
