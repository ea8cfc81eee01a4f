"""Identity numbers: GB 11643 with check digit, and the disability card's 20 or 22 characters.

A number is personal data: it goes into the vault and nowhere else, not into an error either.
"""

import re
import unicodedata
from datetime import date
from operator import mul

from common.problems import Fault, fault
from contracts.codes import NumberDiffers

TEST_PREFIX = "990000"  # no area has it, so no person can

FORM = (
    "身份证 18 位半角数字（末位可为 X），残疾人证 20 或 22 位，出生日期须存在",
    "18 digits 0 to 9 (the last may be X), of a disability card 20 or 22, with a birthday that exists",
)
DIFFERS = (
    f"请核对；核对无误的，填写证件不符原因 number_differs（{'、'.join(f'{c}：{c.zh}' for c in NumberDiffers)}）",
    f"check both; where both are right, give number_differs ({'; '.join(f'{c}: {c.en}' for c in NumberDiffers)})",
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_ZEROS = ord("0") * sum(_WEIGHTS)
_is_number = re.compile(r"[0-9]{17}[0-9X](?:[0-9]{2}(?:[0-9B][0-9])?)?").fullmatch


def normalised(number: str) -> str:
    """Upper case, without surrounding blanks."""
    return number.strip().upper()


def fault_of(number: str, *, test_numbers: bool) -> str | None:
    """What is wrong with a normalised number: `pattern`, `checksum` or nothing.

    A disability card has the 18 characters of its holder, then kind and level of the disability; a card
    that was issued again has two more, such as B1. The birthday in a number is a day of the calendar.
    Numbers with the test prefix are accepted only where `test_numbers` says so.
    """
    if not _is_number(number):
        return "pattern"
    if number.startswith(TEST_PREFIX) and not test_numbers:
        return "pattern"
    if birthday_in(number) is None:
        return "pattern"
    return None if number[17] == check_digit(number[:17]) else "checksum"


def number_fault(pointer: str, code: str) -> Fault:
    """What `fault_of` found, in words that say what a number is."""
    return fault(pointer, code, form=FORM if code == "pattern" else None)


def differs_fault(pointer: str) -> Fault:
    """A field that is not as the number has it, and nobody has said why."""
    return fault(pointer, "not-of-number", form=DIFFERS)


def birthday_in(number: str) -> date | None:
    """The birthday in a number, if it is a day of the calendar."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_male(number: str) -> bool:
    """The 17th digit is odd for men."""
    return int(number[16]) % 2 == 1


def contradicted_by(number: str, *, male: bool, born_on: date) -> list[str]:
    """The fields, of `sex` and `born_on`, that are not as a valid number has them."""
    found = [] if born_on == birthday_in(number) else ["born_on"]
    return found if male is is_male(number) else [*found, "sex"]


def of_person(number: str) -> str:
    """The 18 characters that are the person's, on whatever card they stand."""
    return number[:18]


def check_digit(body: str) -> str:
    """The 18th character for 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECKS[(sum(map(mul, body.encode(), _WEIGHTS)) - _ZEROS) % 11]


def is_in(text: str) -> bool:
    """Whether a text holds an identity number: 18 characters, a birthday among them, with a right check
    digit. Neither blanks and joiners hide it nor digits of full width."""
    if len(text) < 18:
        return False
    plain = re.sub(r"[\s\u200c\u200d]", "", unicodedata.normalize("NFKC", text))
    return any(
        found[1][17].upper() == check_digit(found[1][:17]) and birthday_in(found[1])
        for found in re.finditer(r"(?=([0-9]{17}[0-9Xx]))", plain)
    )
