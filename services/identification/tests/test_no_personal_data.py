"""Whatever staff write goes on the log for ever: no step takes an identity number in its text."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from pydantic import ValidationError

from common.decider import Refused
from common.errors import invalid
from common.form import Form
from contracts.identification import HouseholdEvent
from identification.api.monitoring_forms import (
    CorrectionForm,
    MeasureForm,
    ResponsibleForm,
    RiskResolvedForm,
)
from identification.api.policies import ParameterForm, VersionForm
from identification.api.register_forms import SplitForm
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.monitoring_commands import CorrectRecord
from identification.identity import is_in
from services.identification.tests import ending
from services.identification.tests import test_inquiries as inquiries
from services.identification.tests.asking import identity_number
from services.identification.tests.story import POST, REJECT, history
from services.identification.tests.test_properties import ASKED, WAY

Path = tuple[Any, ...]

NUMBER = identity_number(1)
GIVEN: tuple[list[HouseholdEvent], ...] = (
    *(history(*WAY[:n]) for n in range(len(WAY) + 1)),
    history(*WAY[: WAY.index(POST) + 1], inquiries.OBJECT),
)
# Not written by the person who takes the step: ours, hashed, or copied from a field that is guarded.
OURS = {"by", "policy", "rule_id", "summary_en", "corrected_type", "recorded_value", "content_hash"}
HASHES = {"minutes_hash", "photo_hash", "document_hash", "evidence_hash"}
# Guarded where the form is read, see below.
AT_THE_DOOR = {"measure_id", "by_measure_ids", "requested_by", "path", "person"}


def texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where text that somebody wrote stands in a command."""
    if type(value) is str:
        yield path
    elif isinstance(value, tuple):
        for place, one in enumerate(value):
            yield from texts(one, (*path, place))
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in OURS | HASHES | AT_THE_DOOR:
                yield from texts(getattr(value, field.name), (*path, field.name))


def saying(value: Any, path: Path, text: str) -> Any:
    """A copy that says something else at a place."""
    if not path:
        return text
    name, rest = path[0], path[1:]
    if isinstance(value, tuple):
        return (*value[:name], saying(value[name], rest, text), *value[name + 1 :])
    return replace(value, **{name: saying(getattr(value, name), rest, text)})


def decided(command: Command, given: list[HouseholdEvent]) -> list[HouseholdEvent] | str:
    """The events, or the code of the refusal."""
    try:
        return HOUSEHOLD.when(command, given=given)
    except Refused as refusal:
        return refusal.code


def test_no_step_takes_an_identity_number_in_its_text() -> None:
    guarded = {
        "personal-data-in-text",
        "personal-data-in-publicity",
        "correction-does-not-fit",  # the old value is another than was recorded
    }
    seen = set[tuple[str, Any]]()
    for command in (*ASKED, REJECT, ending.ADD):
        for given in GIVEN:
            if not isinstance(decided(command, given), list):
                continue
            for path in texts(command):
                answer = decided(saying(command, path, f"身份证{NUMBER}号"), given)
                assert answer == [] or answer in guarded, (command, path, answer)
                seen.add((type(command).__name__, path))
    assert len(seen) > 15
    assert (CorrectRecord.__name__, ("reason",)) in seen


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (SplitForm, "register_number"),
        (MeasureForm, "measure_id"),
        (RiskResolvedForm, "by_measure_ids"),
        (CorrectionForm, "requested_by"),
        (ResponsibleForm, "person"),
        (ParameterForm, "source"),
        (VersionForm, "version"),
    ],
)
def test_no_name_of_a_record_is_an_identity_number(form: type[Form], field: str) -> None:
    value = [NUMBER] if field.endswith("s") else NUMBER
    with pytest.raises(ValidationError) as wrong:
        form.model_validate({field: value})
    faults = [f for f in invalid(wrong.value.errors()).faults if f.code == "personal"]
    assert [f.pointer.split("/")[1] for f in faults] == [field]
    assert NUMBER not in str(faults)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"YB-{NUMBER}/1", True),
        (f"2024{NUMBER}1", True),
        (f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", True),
        ("\u200d".join(NUMBER), True),
        (NUMBER.translate({ord("0") + n: 0xFF10 + n for n in range(10)}), True),
        (NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2"), False),
        ("441600202413450012345", False),  # a serial number: no day of the calendar in it
    ],
)
def test_a_number_is_found_however_it_is_written_and_a_serial_number_is_none(
    text: str, found: bool
) -> None:
    assert is_in(text) is found
