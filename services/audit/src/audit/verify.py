#!/usr/bin/env python3
"""Verify a household's dossier offline: this file, the standard library, no network, no account.

    python3 verify.py DOSSIER [--key VKEY] [--witness VKEY] [--kept CHECKPOINT] [--keep FILE]

Exit codes: 0 verified and witnessed; 10 verified, not witnessed; 30 contradicts the checkpoint that
you kept; 40 invalid (names the first bad record); 50 incomplete (a gap, or a tail cut off);
64 wrong use. The formats are RFC 6962, C2SP signed-note, tlog-checkpoint and tlog-cosignature.
"""

from __future__ import annotations  # this needs Python 3.7 or newer 需要 Python 3.7 以上

import argparse
import base64
import copy
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256, sha512
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from unicodedata import east_asian_width
from uuid import UUID

if TYPE_CHECKING:  # outside annotations these need Python 3.9
    Keys = list["Key"]
    Found = tuple[str, ...]  # zh, en; and a result other than OK
    Row = tuple[str, str, str, str, str]  # label and finding, each zh and en, and the result

LOG_KEYS: list[str] = []  # the log that serves this file writes its own keys here,
SUCCESSIONS: list[str] = []  # the notes by which they followed others,
PRODUCER_KEYS: list[str] = []  # and those of the services whose records it has
WITNESSED, VERIFIED, DIVERGED, INVALID, INCOMPLETE, USAGE = 0, 10, 30, 40, 50, 64
FORMAT, STATE, SUCCESSION = "shouwang/dossier/1", "shouwang/state/1", "shouwang/succession/1"
ZERO, DEPTH = bytes(32), 32  # no payload is nested as deep
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
# What reading something that is not as it should be may raise.
BROKEN = (LookupError, TypeError, ValueError, AttributeError, RecursionError, ArithmeticError)


class Bad(Exception):
    """What is wrong: an exit code, and a sentence in Chinese and English."""

    def __init__(self, code: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


def explained(error: Exception) -> Bad:
    """What is wrong, for a person."""
    if isinstance(error, Bad):
        return error
    why = f"{type(error).__name__}: {error}"
    return Bad(INVALID, f"无法理解: {why}", f"not understood: {why}")


# RFC 6962: the tree


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\1" + left + right).digest()


def included(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    """Whether `leaf` is entry `index` of the tree of `size` entries with this root."""
    at, last, found = index, size - 1, leaf
    if not 0 <= index < size or any(len(hashed) != 32 for hashed in (leaf, root, *proof)):
        return False
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistent(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the tree of `new` entries begins with the tree of `old` entries, at least one."""
    if old == new > 0:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof or any(len(step) != 32 for step in proof):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(step, was), node_hash(step, now)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, step)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


# RFC 8032: the signature


def _sum(p: Any, q: Any) -> tuple[int, int, int, int]:
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Any) -> Any:
    """A point of the curve, so many times."""
    total: Any = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _sum(total, point)
        point, factor = _sum(point, point), factor >> 1
    return total


def _point(text: bytes) -> Any:
    number = int.from_bytes(text, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_in_python(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of 64 bytes is that of this key over the message."""
    key, point = _point(public), _point(signature[:32])
    factor = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or not key or not point or factor >= L:
        return False
    digest = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    (x, y, z, _), (u, v, w, _) = times(factor, BASE), _sum(point, times(digest, key))
    return bool((x * w - u * z) % P == 0 and (y * w - v * z) % P == 0)


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """The same, by the package `cryptography` where it is there: thirty times as fast."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        key = Ed25519PublicKey.from_public_bytes(public)
    except Exception:  # it is not there, or has no Ed25519, as where FIPS is enforced
        return ed25519_in_python(public, message, signature)
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


# C2SP: the signed note


class Key(NamedTuple):
    """A verifier key. `kind` is 1 for a log, 4 for a witness (cosignature/v1). It counts for the
    checkpoints of more than `after` states, and of `until` at most."""

    name: str
    id: bytes
    kind: int
    public: bytes
    after: int = 0
    until: int | None = None

    def counts(self, note: str) -> bool:
        """Whether it counts for what the note says: always, unless that is a checkpoint's size."""
        size = note.partition("\n")[2].partition("\n")[0]
        if not (size.isascii() and size.isdecimal()):
            return True
        return self.after < int(size) and (self.until is None or int(size) <= self.until)

    def same(self, other: Key) -> bool:
        """Whether it is the same key, whatever it counts for."""
        return self[:4] == other[:4]


def key_of(text: str) -> Key:
    """Read a vkey, `name+id+base64`. Raises `ValueError`."""
    name, _, rest = text.strip().partition("+")
    number, _, material = rest.partition("+")
    raw = base64.b64decode(material, validate=True)
    key = Key(name, bytes.fromhex(number), raw[0] if raw else 0, raw[1:])
    good = key.kind in (1, 4) and len(key.public) == 32
    if not good or key.id != sha256(name.encode() + b"\n" + raw).digest()[:4]:
        raise ValueError(f"{name!r} is neither a verifier key nor a file with one")
    return key


def signers(note: str, keys: list[Key]) -> list[str]:
    """The names of those of `keys` that signed the note. Raises `Bad` for a forged signature."""
    text, blank, tail = note.rpartition("\n\n")
    message, found = f"{text}\n".encode(), []
    for line in tail.splitlines() if blank else []:
        dash, name, material = (*line.split(" "), "", "")[:3]
        raw = base64.b64decode(material)
        for key in keys:
            if (dash, name, raw[:4]) != ("\u2014", key.name, key.id) or not key.counts(note):
                continue
            signed, signature = message, raw[4:]
            if key.kind == 4:
                time, signature = int.from_bytes(raw[4:12], "big"), raw[12:]
                signed = f"cosignature/v1\ntime {time}\n".encode() + message
            if not ed25519(key.public, signed, signature):
                raise Bad(INVALID, f"{name} 的签名不对", f"the signature of {name} is forged")
            found.append(name)
    return found


def successors(keys: list[Key], notes: list[str]) -> list[Key]:
    """`keys`, and those before and after them, as far as notes that both keys signed lead.

    A note says: from how many states on the second key signs in place of the first. Raises `Bad` for
    a forged signature, `ValueError` for what is no such note.
    """
    found, left, before = list(keys), list(notes), notes[:0]
    while left != before:  # whatever their order: again, as long as one of them leads on
        before = list(left)
        for note in before:
            first, one, two, size, *_ = note.split("\n")
            old, new, at = key_of(one), key_of(two), int(size)
            known = [k for k in found if k.same(old) or k.same(new)]
            named = first == SUCCESSION and old.name == new.name and old.kind == new.kind == 1
            if not named or not known or not all(signers(note, [key]) for key in (old, new)):
                continue
            left.remove(note)
            ended, begun = (next((k for k in found if k.same(key)), key) for key in (old, new))
            # A key is followed once: who steals an old one gives it no other, and no longer time.
            if ended.until is None and not begun.after and ended.after <= at <= (begun.until or at):
                found = [k for k in found if not k.same(old) and not k.same(new)]
                found += [ended._replace(until=at), begun._replace(after=at)]
    return found


class Head(NamedTuple):
    """What a checkpoint says: the log's name, how many states it has, and their root; and if it signs
    what events mean, how many types of them have a meaning, and the root over those."""

    origin: str
    size: int
    root: bytes
    meanings: tuple[int, bytes] | None = None


def head_of(note: str) -> Head:
    """Read a checkpoint, signed or not. Raises `ValueError`."""
    origin, size, root, more, *_ = [*note.split("\n\n")[0].split("\n"), ""]
    over = more.split(" ")[1:] if more.startswith("meanings ") else []
    if not origin or size != str(int(size)) or int(size) >> 63 or len(over) not in (0, 2):
        raise ValueError("not a checkpoint")
    meanings = (int(over[0]), base64.b64decode(over[1], validate=True)) if over else None
    return Head(origin, int(size), base64.b64decode(root, validate=True), meanings)


def state_of(text: str) -> dict[str, tuple[int, bytes]]:
    """The trees of a state by name, each with its size and root. Raises `ValueError`."""
    first, _, *lines = text.splitlines()
    if first != STATE:
        raise ValueError("not a state")
    return {n: (int(size), base64.b64decode(r)) for n, size, r in (x.split(" ") for x in lines)}


def mapped(key: str, told: Any, size: int, root: bytes) -> str | None:
    """The entry of a key in the sorted map with this root, or `None` if its neighbours leave no place
    for it. Raises `Bad`."""
    found, gap = told.get("entry"), int(told.get("gap", 0))
    shown = [told] if found else told["neighbours"]
    places = [n for n in (gap - 1, gap) if 0 <= n < size]
    good = bool(found) or (0 <= gap <= size and [int(o["index"]) for o in shown] == places)
    for one in shown:
        at, leaf = int(one["index"]), leaf_hash(one["entry"].encode())
        name, mine = one["entry"].split("\n")[0].encode(), key.encode()
        good &= included(at, size, leaf, hashes(one["proof"]), root)
        good &= name == mine if found else name < mine if at < gap else name > mine
    if not good:
        raise Bad(INVALID, "户末端表证明不成立", "the proof of the heads map fails")
    return str(found) if found else None


def event_hash(prev_hash: bytes, header: bytes, data: bytes) -> bytes:
    """The hash of an event: over the event before it in its stream, its header, and its data."""
    return sha256(prev_hash + header + data).digest()


def next_head(head: bytes, event: bytes) -> bytes:
    """The head of a household's chain in one tree, after one more event."""
    return sha256(head + event).digest()


def extends(old: Head, new: Head, told: Any, state: dict[str, tuple[int, bytes]]) -> bool:
    """Whether a checkpoint continues an older one, and with it every tree of its state.

    `told` has what proves it: `consistency`, the old `state` with its `state_proof`, and the
    consistency of `trees`; `state` is that of the new checkpoint.
    """
    leaf, last = leaf_hash(told["state"].encode()), old.size - 1
    if not consistent(old.size, new.size, hashes(told["consistency"]), old.root, new.root):
        return False
    if not included(last, old.size, leaf, hashes(told["state_proof"]), old.root):
        return False
    for tree, (size, root) in state_of(told["state"]).items():
        now, now_root = state.get(tree, (0, ZERO))
        shown = hashes(told["trees"].get(tree, []))
        if tree != "heads" and not consistent(size, now, shown, root, now_root):
            return False
    return True


# What the events mean, as their services declared it (`Meaning` of the catalogue)

MISSING: Any = object()


def at(source: Any, path: str) -> Any:
    """What is at a path with dots, or `MISSING`."""
    for name in path.split("."):
        if not isinstance(source, dict) or name not in source:
            return MISSING
        source = source[name]
    return source


def _filled(name: str, source: Any) -> str | None:
    """The name with what stands in braces read from `source`; `None` if something is not there."""
    parts = []
    for n, part in enumerate(name.replace("}", "{").split("{")):
        value = at(source, part) if n % 2 else part
        if value is MISSING or value is None:
            return None
        parts.append(str(value).replace(".", "·") if n % 2 else part)
    return "".join(parts)


def _applies(meaning: Any, payload: Any) -> bool:
    return all(at(payload, path) == value for path, value in meaning.get("when", {}).items())


def effects(meaning: Any, payload: Any) -> Iterator[tuple[str, Any]]:
    """The fields of the state that an event sets, and their values; `MISSING` where it ends one."""
    always, chooses = meaning.get("regardless", {}), meaning.get("chooses", {})
    meaning = meaning if _applies(meaning, payload) else {}
    sets = [(n, p, payload) for of in (always, meaning.get("sets", {})) for n, p in of.items()]
    for path, each in meaning.get("each", {}).items():
        items = at(payload, path)
        for item in items if isinstance(items, list) else []:
            sets += [(name, inside, item) for name, inside in each.items()]
    for name, path, source in sets:
        value = MISSING if path is None else at(source, path)
        field = _filled(name, source)
        if field and (path is None or value is not MISSING):
            yield field, value
    made = list(meaning.get("makes", {}).items())
    for name, choice in chooses.items():
        by = [at(payload, path) for path in choice["by"]]
        said = "/".join(str(v).lower() if isinstance(v, bool) else str(v) for v in by)
        made += [(name, choice["codes"][said])] if said in choice["codes"] else []
    for name, code in made:
        field = _filled(name, payload)
        if field:
            yield field, code


def _amend(payload: Any, pointer: str, value: str) -> None:
    """Put a JSON text at a JSON pointer. One that leads nowhere, or deeper than any payload is nested, and
    a text that not every reader understands change nothing."""
    if pointer.count("/") > DEPTH:
        return
    try:
        *steps, last = (p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:])
        for step in steps:
            payload = payload[int(step)] if isinstance(payload, list) else payload[step]
        payload[int(last) if isinstance(payload, list) else last] = understood(value)
    except (LookupError, ValueError, TypeError, RecursionError):
        return


def _identified(payload: Any, path: Any) -> str | None:
    """The id of an event at a path, or `None` if there is none."""
    try:
        return str(UUID(at(payload, path))) if path else None
    except (ValueError, TypeError, AttributeError):
        return None


class Happened(NamedTuple):
    """An event as it is told: its id, when it happened and was recorded (RFC 3339, UTC), its place
    among those recorded together, its payload if that is a JSON object, and its meaning."""

    id: str
    occurred: str
    recorded: str
    place: tuple[str, str, int]
    payload: Any
    meaning: Any


def replayed(events: list[Happened], moment: str) -> dict[str, Any]:
    """The fields of the state at a moment: first by what stands `as_told`, then by the day of the rest."""
    known = sorted((e for e in events if e.recorded <= moment), key=lambda e: (e.recorded, e.place))
    struck = {_identified(e.payload, e.meaning.get("corrects")) for e in known}
    amended: dict[str | None, list[tuple[str, str]]] = {}
    for e in known:
        amends = e.meaning.get("amends")
        if amends:
            pointer, value = (str(at(e.payload, amends[p])) for p in ("pointer", "value"))
            amended.setdefault(_identified(e.payload, amends["event"]), []).append((pointer, value))
    fields: dict[str, Any] = {}
    for e in sorted(known, key=lambda e: "" if e.meaning.get("as_told") else e.occurred):
        if e.occurred > moment or e.id in struck or e.payload is None:
            continue
        payload = copy.deepcopy(e.payload)
        for pointer, value in amended.get(e.id, []):
            _amend(payload, pointer, value)
        for name, value in dict(effects(e.meaning, payload)).items():
            if value is MISSING:
                fields = {n: v for n, v in fields.items() if not f"{n}.".startswith(f"{name}.")}
            else:
                fields[name] = value
    return fields


def compact(value: Any) -> str:
    """As JSON: names sorted, no space between."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fields_hash(fields: dict[str, Any]) -> str:
    """The hex sha256 of a state: its fields as compact JSON in UTF-8."""
    return sha256(compact(fields).encode("utf-8", "surrogatepass")).hexdigest()


def meant(name: str, declared: Any) -> str:
    """The entry of an event type in the map of meanings: `<service>.<EventName>.v<major>`, and the
    label and meaning that its service declared, as compact JSON."""
    return f"{name}\n{compact({part: declared[part] for part in ('label', 'meaning')})}\n"


class Deadline(NamedTuple):
    """What an event opened: when it was due (`None`: no day is told), and how it ended by a day."""

    opened_by: str
    due_on: str | None
    closed_on: str | None
    outcome: str


def deadlines(events: list[Happened], today: str) -> list[Deadline]:
    """Late: fulfilled after the day it was due; overdue: not fulfilled, and the day is over."""
    waiting: dict[str, Happened] = {}
    ended: dict[str, tuple[Happened, str]] = {}  # and when it was closed; "": it was cancelled
    for e in sorted(events, key=lambda e: (e.recorded, e.place)):
        if not _applies(e.meaning, e.payload):
            continue
        opens, closes = e.meaning.get("opens"), e.meaning.get("closes")
        ends, begins = closes or e.meaning.get("cancels"), opens or e.meaning.get("reopens")
        opened = waiting.pop(_named(e, ends), None) if ends else None
        if opened:
            ended[_named(e, ends)] = opened, business_date(e.occurred) if closes else ""
        if begins:
            last = ended.pop(_named(e, begins), (e, ""))
            ended.update({e.id: last} if opens else {})  # another one follows it
            waiting.setdefault(_named(e, begins), e if opens else last[0])
    found = [_deadline(e, on, today) for e, on in ended.values() if on]
    found += [_deadline(e, None, today) for e in waiting.values()]
    return sorted(found, key=lambda d: (d.due_on or "9999-12-31", d.opened_by))


def _named(event: Happened, path: str) -> str:
    """What is at the path, or the path itself: the name of a deadline that a household has once."""
    value = at(event.payload, path)
    return value if isinstance(value, str) else path


def _deadline(opened: Happened, closed_on: str | None, today: str) -> Deadline:
    sets = opened.meaning.get("sets", {})
    paths = [path for field, path in sets.items() if path and field.split(".")[-1] == "due_on"]
    try:
        told = at(opened.payload, paths[0])  # readers differ in what else than YYYY-MM-DD is a day
        due_on = told if date.fromisoformat(told).isoformat() == told else None
    except (IndexError, TypeError, ValueError):  # no day is told
        due_on = None
    if due_on is None or due_on >= (closed_on or today):
        outcome = "fulfilled" if closed_on else "open"
    else:
        outcome = "late" if closed_on else "overdue"
    return Deadline(opened.id, due_on, closed_on, outcome)


def business_date(moment: str) -> str:
    """The day in Shanghai of a moment (RFC 3339, UTC)."""
    utc = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return utc.astimezone(timezone(timedelta(hours=8))).date().isoformat()


# The dossier


def hashes(texts: Any) -> list[bytes]:
    """Hashes out of base64."""
    return [base64.b64decode(text, validate=True) for text in texts]


class Event:
    """A record of the dossier, with what its header says. `number` counts from 1."""

    def __init__(self, number: int, raw: Any) -> None:
        data, text = raw.get("data") or "", raw.get("header")
        self.number, self.tree, self.at = number, raw["tree"], int(raw["index"])
        self.hash, self.proof = bytes.fromhex(raw["hash"]), hashes(raw["proof"])
        self.whole, self.parked = text is not None, bool(raw.get("parked"))
        self.prev = bytes.fromhex(raw["prev_hash"]) if self.whole else ZERO
        self.text: bytes = text.encode() if self.whole else b""
        self.header: list[str] = json.loads(text) if self.whole else []
        if self.whole and [type(part) for part in self.header[:17]] != [str] * 17:
            raise ValueError("not a header")
        self.data = base64.b64decode(data["base64"]) if isinstance(data, dict) else data.encode()

    def named(self) -> str:
        """As it is named to a person."""
        what = f"{self.header[3]} {self.stream} v{self.header[6]}" if self.whole else "?"
        return f"{self.number} ({self.tree}#{self.at} {what})"

    def bad(self, zh: str, en: str, code: int = INVALID) -> Bad:
        """What is wrong with it."""
        return Bad(code, f"第{self.named()}条{zh}", f"record {self.named()}{en}")

    @property
    def stream(self) -> str:
        """The stream, with its service."""
        return f"{self.header[2]}/{self.header[5]}"

    @property
    def version(self) -> int:
        """The place in the stream, from 1."""
        return int(self.header[6])

    @property
    def type(self) -> str:
        """As its meaning is named."""
        return f"{self.header[2]}.{self.header[3]}.v{self.header[4]}"

    def happened(self, meaning: Any) -> Happened:
        """As it is told, with what it means."""
        h = self.header
        return Happened(h[1], h[8], h[9], (h[2], h[5], self.version), payload(self.data), meaning)


def _event(number: int, raw: Any) -> Event:
    """A record as it is told. Raises `Bad`, with its number."""
    try:
        return Event(number, raw)
    except BROKEN as error:
        why = explained(error)
        raise Bad(INVALID, f"第{number}条{why.zh}", f"record {number} {why.en}") from None


class Dossier:
    """A dossier being verified, check by check. Each answers what it `Found`, or raises `Bad`."""

    def __init__(
        self, raw: Any, keys: Keys, witnesses: Keys, kept: str | None, producers: Keys | None = None
    ) -> None:
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise Bad(INVALID, "这不是农户卷宗", f"this is no household's dossier ({FORMAT})")
        self.raw, self.witnesses, self.kept, self.known = raw, witnesses, kept, producers or []
        self.keys = successors(keys, [*SUCCESSIONS, *raw.get("successions", [])])
        self.head, self.state = head_of(raw["checkpoint"]), state_of(raw["state"])
        self.key, self.signed_at = str(raw["key"]), str(raw["state"].split("\n")[1])
        self.events = [_event(n, event) for n, event in enumerate(raw["events"], 1)]
        self.events.sort(key=lambda e: (e.tree, e.at))
        self.cosigned: list[str] = []

    def signature(self) -> Found:
        """The checkpoint is signed, and the state is the last that it covers."""
        names = signers(self.raw["checkpoint"], self.keys)
        if not names:
            raise Bad(INVALID, "检查点无可信签名", "no key that you trust signed the checkpoint")
        proof, size = hashes(self.raw["state_proof"]), self.head.size
        leaf = leaf_hash(self.raw["state"].encode())
        if not included(size - 1, size, leaf, proof, self.head.root):
            raise Bad(INVALID, "状态不在检查点中", "the state is not the one that was signed")
        found = signers(self.raw["checkpoint"], self.witnesses)
        # A witness may have given the reader the same checkpoint, cosigned.
        if self.kept and self.kept.split("\n\n")[0] == self.raw["checkpoint"].split("\n\n")[0]:
            found += self._signed_kept(self.witnesses)
        self.cosigned = sorted(set(found))
        if not self.witnesses:
            return f"{names[0]}, 未指定见证人", f"{names[0]}, no witness named"
        of = f"{len(self.cosigned)}/{len(self.witnesses)} {', '.join(self.cosigned)}".strip()
        return f"{names[0]}, 见证 {of}", f"{names[0]}, witnessed {of}"

    def records(self) -> Found:
        """Each record is what was logged: its content, its tree, its household."""
        salted: dict[str, str] = {}
        for e in self.events:
            size, root = self.state.get(e.tree, (0, ZERO))
            if e.whole and event_hash(e.prev, e.text, e.data) != e.hash:
                raise e.bad("内容被改动", " was changed")
            if not included(e.at, size, leaf_hash(e.hash), e.proof, root):
                raise e.bad("不在日志中", " is not in the log")
            if e.whole and e.header[2] != e.tree.partition("/")[0]:
                raise e.bad("冒用来源", ": forged source")
            if e.whole and (e.header[7] or e.header[5]) != self.key:
                raise e.bad("属于他户", ": not of this file")
            for person, commitment in _commitments(e.data):
                if salted.setdefault(commitment, person) != person:
                    raise e.bad("盐值重复", ": salt reused")
        n = len(self.events)
        return f"{n}条均在日志中", f"{n}/{n} inclusion proofs"

    def order(self) -> Found:
        """Each stream is a chain without a gap."""
        streams: dict[str, dict[int, Event]] = {}
        for e in self.events:
            if not e.whole:
                raise e.bad("内容未提供", ": withheld", INCOMPLETE)
            twin = streams.setdefault(e.stream, {}).setdefault(e.version, e)
            if twin.hash != e.hash:
                raise e.bad("一号两事, 历史矛盾", ": two contents of one version, a fork")
        for stream, events in sorted(streams.items()):
            before = ZERO
            for expected, version in enumerate(sorted(events), 1):
                if version != expected:
                    lost = f"{stream} v{expected}"
                    raise Bad(INCOMPLETE, f"缺{lost}", f"{lost} is missing")
                e = events[version]
                if e.prev != before:
                    raise e.bad("与前不相接", ": broken chain")
                before = e.hash
        n, s = len(self.events), len(streams)
        return f"{n}条, {s}个序列, 无缺号", f"{n} records, {s} streams, no gap"

    def whole(self) -> Found:
        """The heads map says: these records are all there are of this household."""
        size, root = self.state.get("heads", (0, sha256().digest()))
        lines = self._lines(self.raw["heads"], size, root)
        if lines is None and not self.events:
            looks = "access-to-household-"
            name = self.key[len(looks) :] if self.key.startswith(looks) else self.key
            if _identified({"id": name}, "id") != name:  # what only looks like a name is in no log
                raise Bad(INVALID, "没有这样的户号", "no household is named like that")
            return "日志中没有此户", "no such household in the log"
        said = {tree: (int(count), head) for tree, count, head in lines or ()}
        for tree in sorted({*said, *(e.tree for e in self.events)}):
            mine = [e for e in self.events if e.tree == tree]
            count, end = said.get(tree, (0, ZERO.hex()))
            head = ZERO
            for e in mine:
                head = next_head(head, e.hash)
            if len(mine) < count:
                n, last = len(mine), mine[-1].named() if mine else "-"
                zh = f"{tree}应有{count}条, 只有{n}条; 最后一条为第{last}条"
                en = f"{tree}: {n} of {count} records; the last one here is {last}"
                raise Bad(INCOMPLETE, zh, en)
            if len(mine) > count or head.hex() != end:
                raise Bad(INVALID, f"{tree}与户末端不符", f"{tree}: not the records of the head")
        n = len(self.events)
        return f"共{n}条, 与户末端一致", f"head {n} = true head"

    def _lines(self, told: Any, size: int, root: bytes) -> list[list[str]] | None:
        """What a map of ends has of the household: lines of three words, or `None` if nothing."""
        found = mapped(self.key, told, size, root)
        return [line.rsplit(" ", 2) for line in found.split("\n")[1:-1]] if found else None

    def memory(self) -> Found:
        """The checkpoint that the reader kept is the beginning of this one."""
        if self.kept is None:
            return "未提供旧检查点", "you kept none"
        if not self._signed_kept(self.keys):
            raise Bad(USAGE, "所存检查点没有可信签名", "no key that you trust signed what you kept")
        old, new = head_of(self.kept), self.head
        n = old.size
        if old.origin != new.origin or old.size > new.size:
            raise Bad(DIVERGED, f"早于所存检查点{n}", f"older than what you kept ({n})")
        same, told = old.size == new.size, self.raw.get("kept") or {}
        if same and old != new:
            raise Bad(DIVERGED, "同一大小两个检查点", f"two checkpoints of size {n}")
        if not same and told.get("size") != n:
            raise Bad(USAGE, f"请加?kept={n}重新下载", f"download the dossier again with ?kept={n}")
        if not same and not extends(old, new, told, self.state):
            raise Bad(DIVERGED, "与所存检查点矛盾", f"contradicts what you kept ({n})")
        return f"延续所存检查点{n}", f"extends what you kept ({n})"

    def _signed_kept(self, keys: Keys) -> list[str]:
        """Who signed the checkpoint that the reader kept: nobody, if it is none, or was spoiled. That
        says nothing of the dossier."""
        try:
            return signers(self.kept or "", keys) if head_of(self.kept or "") else []
        except (Bad, *BROKEN):
            return []

    def producers(self) -> Found:
        """How many each organisation recorded, and that each service signed where its streams end."""
        later, unsigned, whole = 0, [], [e for e in self.events if e.whole]
        by, told = Counter(e.header[12] for e in whole), self.raw.get("statements", {})
        for service in sorted({*told, *(e.header[2] for e in whole)}):
            keys = [key for key in self.known if key.name.rpartition("/")[2] == service]
            mine = [e for e in whole if e.header[2] == service]
            if service in told and keys:
                later += self._vouched(service, mine, told[service], keys)
            elif mine:
                unsigned.append(service)
        zh = en = ", ".join(f"{name} {n}" for name, n in sorted(by.items())) or "-"
        if not unsigned:
            zh, en = f"{zh}, 签名无误", f"{en}, signatures valid"
        for service in unsigned:
            zh, en = f"{zh}, {service}无可核签名", f"{en}, no signature to check of {service}"
        if later:
            zh, en = f"{zh}, 尚未声明 {later}", f"{en}, not yet stated: {later}"
        return (zh, en, "NOTE") if later or unsigned else (zh, en)

    def _vouched(self, service: str, mine: list[Event], told: Any, keys: list[Key]) -> int:
        """How many records of a service came after its statement. Those before it are what it signed.

        Raises `Bad`, with the first record that it contradicts, or that it states and is not here.
        """
        form, name, until, heads, *_ = told["note"].split("\n")
        if not signers(told["note"], keys) or (form, name) != ("shouwang/statement/1", service):
            raise Bad(INVALID, f"{service}无已知公钥签名", f"no known key of {service} signed")
        _, size, root = heads.split(" ")
        lines = self._lines(told["heads"], int(size), base64.b64decode(root)) or []
        ends = {stream: (int(version), bytes.fromhex(head)) for stream, version, head in lines}
        bad, missing, later = [], [], 0
        for stream in sorted({*ends, *(e.header[5] for e in mine)}):
            version, head = ends.get(stream, (0, ZERO))
            here = sorted((e for e in mine if e.header[5] == stream), key=lambda e: -e.version)
            above = [e for e in here if e.version > version]
            bad += [e for e in above if e.header[9] < until]
            later += sum(e.header[9] >= until for e in above)
            while version:  # down the chain from where it ends
                same = {e.hash: e for e in here if e.version == version}
                good = same.pop(head, None)
                bad += same.values()
                if good is None:
                    missing += [] if same else [f"{stream} v{version}"]
                    break
                version, head = version - 1, good.prev
        for e in sorted(bad, key=lambda e: (e.header[9], e.version)):
            raise e.bad(f"并非{service}所记", f": {service} says that it did not record this")
        if missing:
            raise Bad(INCOMPLETE, f"缺{missing[0]}", f"{missing[0]} is missing")
        return later

    def _meant(self, e: Event) -> Any:
        """What the dossier says of an event's type: its label, its meaning, and what proves them."""
        return self.raw.get("meanings", {}).get(e.type, {})

    def _happened(self) -> list[Happened]:
        """The events that were applied, as they are told. Parked ones change nothing yet."""
        applied = [e for e in self.events if e.whole and not e.parked]
        return [e.happened(self._meant(e).get("meaning", {})) for e in applied]

    def meanings(self) -> Found:
        """What the records mean is what their services had declared when the checkpoint was signed."""
        if self.head.meanings is None:
            return "检查点未签, 无人担保", "not signed: nobody vouches for them", "NOTE"
        types = {e.type: e for e in reversed(self.events) if e.whole}  # the first record of each
        for e in sorted(types.values(), key=lambda e: e.number):
            try:
                told = self._meant(e)
                entry = {"entry": meant(e.type, told)} if {*told} & {"label", "meaning"} else {}
                mapped(e.type, {**told, **entry}, *self.head.meanings)
            except (Bad, *BROKEN):
                raise e.bad("的含义与所签不符", ": its meaning is not what was signed") from None
        return f"{len(types)}类记录, 与所签相同", f"{len(types)} types of records, as signed"

    def replay(self) -> Found:
        """The state, folded from the events, is the one that the dossier shows."""
        if "shown" not in self.raw:
            return "卷宗未载户情", "the dossier shows no state", "NOTE"
        shown, fields = self.raw["shown"], replayed(self._happened(), self.signed_at)
        for name in sorted({*shown, *fields}):
            if shown.get(name, MISSING) != fields.get(name, MISSING):
                raise Bad(INVALID, f"所示{name}与记录不符", f"{name} is not given by the events")
        digest, n = fields_hash(fields), len(fields)
        waiting = sum(e.parked for e in self.events)
        zh, en = f"{n}项与所示相同, 哈希 {digest[:16]}", f"{n} fields as shown, hash {digest[:16]}"
        if waiting:
            return f"{zh}, {waiting}条待处理未计", f"{en}, {waiting} parked not counted", "NOTE"
        return zh, en

    def due(self) -> Found:
        """The deadlines, recomputed from the events; those that were breached are named."""
        if "deadlines" not in self.raw:
            return "卷宗未载期限", "the dossier shows no deadlines", "NOTE"
        today = business_date(self.signed_at)
        found = deadlines(self._happened(), today)
        if [list(d) for d in found] != self.raw["deadlines"]:
            raise Bad(INVALID, "所示期限与记录不符", "the deadlines are not given by the events")
        breached = [d for d in found if d.outcome in ("late", "overdue")]
        if not breached:
            return f"{len(found)}项, 无超期 ({today})", f"{len(found)}, none breached ({today})"
        zh, en = (", ".join(self._breach(d, x, today) for d in breached) for x in ("zh", "en"))
        n, late = len(found), len(breached)
        return f"{n}项, 超期{late}项: {zh}", f"{late} of {n} breached: {en}", "NOTE"

    def _breach(self, d: Deadline, language: str, today: str) -> str:
        opened = next(e for e in self.events if e.whole and e.header[1] == d.opened_by)
        label = self._meant(opened).get("label", {}).get(language, opened.header[3])
        late = date.fromisoformat(d.closed_on or today) - date.fromisoformat(d.due_on or today)
        policy = f" [{opened.header[16]}]" if opened.header[16] else ""
        return f"{label} {d.due_on} (+{late.days}{' d' if language == 'en' else '日'}){policy}"

    def erased(self) -> tuple[str, str] | None:
        """Persons whose data was erased; the commitments stay, and the proofs with them."""
        n = sum("Erased" in e.header[3] for e in self.events if e.whole)
        return (f"{n}次, 证明不受影响", f"{n} erasures, proofs intact") if n else None


def understood(text: str) -> Any:
    """What a JSON text says. Raises `ValueError` or `RecursionError` unless every reader understands it
    (I-JSON, RFC 7493: no half of a surrogate pair, no NaN), and it is nested no deeper than `DEPTH`."""
    found = json.loads(text)
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    level = [found]
    for _ in range(DEPTH):
        level = [value for outer in level for value in _inside(outer)]
    if level:
        raise ValueError("nested too deep")
    return found


def payload(data: bytes) -> Any:
    """The payload, or `None` if it is no JSON object in UTF-8 that every reader understands."""
    try:
        found = understood(data.decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _commitments(data: bytes) -> Iterator[tuple[str, str]]:
    """The persons and commitments of a payload, wherever they stand in it."""
    left = [payload(data)]
    while left:
        value = left.pop()
        if isinstance(value, dict) and isinstance(value.get("commitment"), str):
            yield str(value.get("person_id")), value["commitment"]
        left += _inside(value)


CHECKS = [  # in the order in which each relies on the one before
    ("检查点签名", "checkpoint signed by", Dossier.signature),
    ("日志证明", "leaves in the log", Dossier.records),
    ("来源", "producers", Dossier.producers),
    ("序列", "streams", Dossier.order),
    ("全卷证明", "this is the whole file", Dossier.whole),
    ("与所存检查点", "the checkpoint you kept", Dossier.memory),
    ("含义", "meanings", Dossier.meanings),
    ("重演", "replay", Dossier.replay),
    ("期限重算", "deadlines recomputed", Dossier.due),
]


def verify(dossier: Dossier) -> tuple[int, Row | None, list[Row]]:
    """The exit code, the row that decides it if something is wrong, and all rows of the table."""
    rows: list[Row] = []
    wrong: dict[int, Row] = {}
    for zh, en, check in CHECKS:
        try:
            found = check(dossier)
            rows.append((zh, en, found[0], found[1], found[2] if found[2:] else "OK"))
        except (Bad, *BROKEN) as error:
            bad = explained(error)
            rows.append((zh, en, bad.zh, bad.en, "FAIL"))
            wrong.setdefault(bad.code, rows[-1])
    note = dossier.erased()
    if note:
        rows.append(("已删除个人信息", "erased", *note, "NOTE"))
    for code in (INVALID, DIVERGED, INCOMPLETE, USAGE):
        if code in wrong:
            return code, wrong[code], rows
    return WITNESSED if dossier.cosigned else VERIFIED, None, rows


VERDICTS = {
    WITNESSED: ("已验证, 有见证", "VERIFIED, WITNESSED"),
    VERIFIED: ("已验证, 无见证", "VERIFIED, NOT WITNESSED"),
    DIVERGED: ("与所存检查点矛盾", "DIVERGED"),
    INVALID: ("无效", "INVALID"),
    INCOMPLETE: ("不完整", "INCOMPLETE"),
    USAGE: ("无法判断", "CANNOT TELL"),
}


def _once(pairs: Any) -> dict[str, Any]:
    """An object. Raises `Bad` if a name is there twice: readers would differ on what it says."""
    if len(dict(pairs)) < len(pairs):
        raise Bad(INVALID, "同名重复", "a name is there twice in one object")
    return dict(pairs)


def tell(line: str) -> None:
    """Print a line. Whatever a dossier says, it moves no cursor and begins no line of its own."""
    text = "".join(c if c.isprintable() else "?" for c in line)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def filled(text: str, columns: int) -> str:
    """The text and blanks up to so many columns of a terminal; a Chinese character takes two."""
    return text + " " * (columns - sum(1 + (east_asian_width(c) in "FW") for c in text))


class Arguments(argparse.ArgumentParser):
    """Wrong use ends with its own code."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Verify, print the table, and return the exit code."""
    asking = Arguments(prog="verify.py", description="Verify a dossier offline.")
    asking.add_argument("dossier", type=Path)
    for name, whose in (("key", "the log"), ("witness", "a witness"), ("producer", "a service")):
        told = f"vkey of {whose}, or a file with it"
        asking.add_argument(f"--{name}", action="append", default=[], help=told)
    asking.add_argument("--kept", type=Path, help="a checkpoint that you kept")
    asking.add_argument("--keep", type=Path, help="where to write the checkpoint, once verified")
    asking.add_argument("--lang", choices=("zh", "en"), default="zh")
    asked = asking.parse_args(arguments)
    try:
        keys = [key_of(text_of(k)) for k in asked.key or LOG_KEYS]
        witnesses = [key_of(text_of(k)) for k in asked.witness]
        producers = [key_of(text_of(k)) for k in asked.producer or PRODUCER_KEYS]
        kept = asked.kept.read_text("utf-8-sig") if asked.kept else None
        if any(k.kind != 1 for k in keys + producers) or any(w.kind != 4 for w in witnesses):
            raise ValueError("--key is of a log, --witness of a witness")
        if not keys:
            raise ValueError("--key: whose log is it? Ask its keeper (GET /v1/log/key)")
    except (OSError, ValueError) as error:
        asking.error(str(error))
    english = asked.lang == "en"
    try:
        raw = json.loads(asked.dossier.read_text("utf-8-sig"), object_pairs_hook=_once)
        dossier = Dossier(raw, keys, witnesses, kept, producers)
    except OSError as error:
        asking.error(f"{asked.dossier}: {error.strerror}")
    except (UnicodeDecodeError, json.JSONDecodeError):
        asking.error(f"{asked.dossier}: no household's dossier, not JSON in UTF-8 这不是农户卷宗")
    except (Bad, *BROKEN) as error:
        said = (explained(error).zh, explained(error).en)[english]
        tell(f"{VERDICTS[INVALID][english]}: {said}    exit {INVALID}")
        return INVALID
    code, why, rows = verify(dossier)
    if asked.keep and code in (WITNESSED, VERIFIED):
        try:
            asked.keep.write_text(raw["checkpoint"], "utf-8")
        except (OSError, ValueError) as error:
            asking.error(f"{asked.keep}: {error}")
    tell(dossier.key)
    tell(f"{dossier.head.origin} {dossier.head.size} {dossier.signed_at}")
    for row in rows:
        tell(f"{filled(row[english], 24)} {filled(row[2 + english], 60)} {row[4]}")
    reason = f": {why[2 + english]}" if why else ""
    tell(f"{VERDICTS[code][english]}{reason}    exit {code}")
    return code


def text_of(key: str) -> str:
    """A key, or what is in the file of that name."""
    return Path(key).read_text("utf-8-sig") if Path(key).exists() else key


if __name__ == "__main__":
    sys.exit(main())
