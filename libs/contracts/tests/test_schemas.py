"""What was promised to integrators is what the code says, and it only ever widens."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from common.catalogue import catalogue
from common.codec import Codec, encode
from common.schemas import CATALOGUE, DIRECTORY, EVENTS, MEANINGS, golden, narrowings, written

TYPES = {
    (service, name): event
    for service, union in EVENTS.items()
    for name, event in Codec.of(union).types.items()
}


def test_the_golden_files_are_what_the_code_says() -> None:
    """After `make schemas`, look at the diff: it is what integrators get."""
    assert written(DIRECTORY) == golden()


def test_every_event_of_the_contracts_has_golden_files() -> None:
    """Also when a service's union is put together from parts in other modules."""
    unions = [
        union
        for module in iter_modules(contracts.__path__)
        for name, union in vars(import_module(f"contracts.{module.name}")).items()
        if name.endswith("Event")
    ]
    declared = {event for union in unions for event in Codec.of(union).types.values()}
    assert declared == set(TYPES.values())


def test_nothing_that_was_ever_promised_was_taken_back() -> None:
    """Against every version in the history: events of that shape are on topics and in stores."""
    broken = []
    for name, text in _history():
        broken += narrowings({name: text}, written(DIRECTORY))
    assert sorted(set(broken)) == []


def _history() -> list[tuple[str, str]]:
    """(file, text) of every version that was ever committed."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(DIRECTORY.parent), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no history to compare with: {done.stderr.strip()}")
        return done.stdout

    changes = git("log", "--raw", "--no-abbrev", "--no-renames", "--format=", "--", str(DIRECTORY))
    found = {}
    for line in changes.splitlines():
        *_, blob, status, path = line.split()
        if status != "D" and path.endswith(".json"):
            found[blob] = path.split("/schemas/")[1]
    return [(name, git("cat-file", "blob", blob)) for blob, name in found.items()]


def test_a_narrower_schema_is_not_written(tmp_path: Path) -> None:
    promised = json.loads(golden()["visits/ObligationOpened.v1.json"])
    promised["$defs"]["ObligationOpened"]["properties"]["due_by"] = {"type": "string"}
    (tmp_path / "visits").mkdir()
    file = tmp_path / "visits" / "ObligationOpened.v1.json"
    file.write_text(json.dumps(promised), "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "common.schemas", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "visits/ObligationOpened.v1.json: due_by: the field was removed" in done.stderr
    assert json.loads(file.read_text("utf-8")) == promised
    assert len(written(tmp_path)) == 1


def test_the_generator_writes_all_of_it_into_an_empty_directory(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "common.schemas", str(tmp_path)], check=True)

    assert written(tmp_path) == golden()


# The schemas are true


@pytest.mark.parametrize(("service", "name"), sorted(TYPES))
def test_a_schema_is_valid_and_named_as_events_name_it(service: str, name: str) -> None:
    schema = json.loads(golden()[f"{service}/{name}.v1.json"])

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:shouwang:schema:{service}:{name}:1"  # as in `ce_dataschema`


@pytest.mark.parametrize(("service", "name"), sorted(TYPES))
def test_a_message_of_the_asyncapi_document_has_the_schema_of_its_event(
    service: str, name: str
) -> None:
    schema = json.loads(
        golden()[f"{service}/{name}.v1.json"].replace("#/$defs/", "#/components/schemas/")
    )
    told = json.loads(golden()[f"asyncapi/{service}.json"])["components"]

    assert told["messages"][f"{name}.v1"]["payload"] == {"$ref": schema["$ref"]}
    assert schema["$defs"].items() <= told["schemas"].items()


@pytest.mark.parametrize(("service", "name"), sorted(TYPES))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_event_matches_its_schema_and_comes_back_as_it_went(
    service: str, name: str, data: st.DataObject
) -> None:
    event = TYPES[service, name]
    payload = data.draw(st.from_type(event).filter(_can_be_written))
    written = encode(payload)

    assert Codec.of(event).decode(name, 1, written) == payload
    schema = json.loads(golden()[f"{service}/{name}.v1.json"])
    jsonschema.validate(json.loads(written), schema)


def _can_be_written(payload: object) -> bool:
    """Half a surrogate pair is no text, and an integer beyond 64 bits no number, of any JSON."""
    try:
        parsed = json.loads(encode(payload))
    except (UnicodeEncodeError, OverflowError):
        return False
    return all(abs(number) < 2**63 for number in _numbers(parsed))


def _numbers(parsed: Any) -> Iterator[int]:
    if isinstance(parsed, dict | list):
        for inner in parsed.values() if isinstance(parsed, dict) else parsed:
            yield from _numbers(inner)
    elif isinstance(parsed, int):
        yield parsed


# Words


@pytest.mark.parametrize(("service", "name"), sorted(TYPES))
def test_an_event_is_put_into_words_in_both_languages_from_fields_that_it_has(
    service: str, name: str
) -> None:
    entry = json.loads(golden()[CATALOGUE])[f"{service}.{name}.v1"]
    has = {field.name for field in fields(TYPES[service, name])}

    assert entry["label"]["en"].isascii()
    assert not entry["label"]["zh"].isascii()
    for sentence in entry["sentence"].values():
        used = {part.split("}")[0] for part in sentence.split("{")[1:]}
        assert used <= has
    assert not entry["sentence"]["zh"].isascii()


@pytest.mark.parametrize("name", ["RiskDetected", "RiskClueAttached"])
def test_A13_a_clue_is_told_with_the_medium_of_its_declaration_if_it_was_declared(
    name: str,
) -> None:
    entry = json.loads(golden()[CATALOGUE])[f"identification.{name}.v1"]
    for sentence in entry["sentence"].values():
        assert re.search(r"\[[^]]*{medium}[^]]*\]$", sentence), "optional: others have none"


def test_every_code_has_a_label_in_both_languages_and_none_is_an_identity_number() -> None:
    for entry in json.loads(golden()[CATALOGUE]).values():
        for codes in entry["codes"].values():
            for code, label in codes.items():
                assert label["zh"]
                assert label["en"].isascii(), (entry["type"], code)


@pytest.mark.parametrize("service", EVENTS)
def test_what_is_published_has_every_code_by_its_path_and_says_which_schema_it_is(
    service: str,
) -> None:
    """Also the codes of parts, such as the members of a household."""

    def coded(at: Any, path: str) -> Iterator[tuple[str, frozenset[str]]]:
        at = schema["$defs"][at["$ref"].rpartition("/")[2]] if "$ref" in at else at
        if "enum" in at:
            yield path, frozenset(at["enum"])
        for inner in (*at.get("anyOf", []), *([at["items"]] if "items" in at else [])):
            yield from coded(inner, path)
        for field, inner in at.get("properties", {}).items():
            yield from coded(inner, f"{path}.{field}" if path else field)

    files = golden()
    for entry in catalogue(service, Codec.of(EVENTS[service], MEANINGS[service])).values():
        schema, type_ = entry["schema"], entry["type"]
        assert schema == json.loads(files[f"{service}/{type_}.v1.json"])
        assert schema["$id"] == f"urn:shouwang:schema:{service}:{type_}:1"
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        labels = {path: frozenset(codes) for path, codes in entry["codes"].items()}
        assert dict(coded(schema, "")).items() <= labels.items(), type_


@pytest.mark.parametrize(("service", "name"), sorted(TYPES))
def test_no_event_has_a_field_for_a_name_a_number_a_telephone_or_an_address(
    service: str, name: str
) -> None:
    personal = {"name", "full_name", "id_number", "phone", "telephone", "address", "diagnosis"}

    def names(schema: Any) -> set[str]:
        if isinstance(schema, dict):
            own = set(schema.get("properties", {}))
            return own.union(*(names(value) for value in schema.values()))
        return set()

    assert not names(json.loads(golden()[f"{service}/{name}.v1.json"])) & personal
