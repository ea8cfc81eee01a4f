"""Identity numbers that cannot belong to anybody: area 990000 was never given out."""

from datetime import date, timedelta

TEST_AREA = "990000"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999: 2^(17-i) mod 11
CHECK_CHARACTERS = "10X98765432"
NUMBERS_A_DAY = 500  # three digits, of which the last says the sex


def check_character(first_seventeen: str) -> str:
    """The 18th character of an identity number (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, WEIGHTS, strict=True))
    return CHECK_CHARACTERS[total % 11]


class IdentityNumbers:
    """Gives every person another number. Holds one counter a birthday and sex, so that its size
    is bounded by the calendar and not by the number of persons."""

    def __init__(self) -> None:
        self._given: dict[tuple[date, bool], int] = {}

    def issue(self, born_on: date, *, male: bool) -> tuple[str, date]:
        """A new number, and the birthday in it: an earlier one when all numbers of that day are
        used. Raises ValueError when a whole half year is used up."""
        for days in range(183):
            day = born_on - timedelta(days=days)
            given = self._given.get((day, male), 0)
            if given < NUMBERS_A_DAY:
                self._given[day, male] = given + 1
                serial = 2 * given + (1 if male else 0)
                body = f"{TEST_AREA}{day:%Y%m%d}{serial:03d}"
                return body + check_character(body), day
        raise ValueError("more persons than identity numbers: ask for fewer households")
