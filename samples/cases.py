"""What officials did with some households of the tiny sample: cases at every stage, and visits.

Each step is a request as a village, the town or the county sends it, with the day on which it was taken. It
is recorded on the day on which it is loaded, so that the timelines tell how late all of this was reported.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from samples.reading import Json
from samples.vocabulary import household_id

JUCUN, SHANGZHEN = "village-jucun", "village-shangzhen"
TOWN, COUNTY = "town-pengzhai", "county-office"
PROOF = "0" * 64  # the hash of minutes and photographs that nobody made
BOARD = "村务公开栏"
NOTICE = "经村民代表会议评议,拟将一户农户纳入防止返贫监测对象,现予公示,公示期五天。如有异议,请向村民委员会反映。"
OVER = "经村民代表会议评议,一户监测对象的返贫风险已经消除,现予公示,公示期五天。如有异议,请向村民委员会反映。"


@dataclass(frozen=True)
class Step:
    """A request about a household of this register number, by a client of `make clients`."""

    household: str
    client: str
    service: str
    path: str
    body: Mapping[str, object]

    @property
    def key(self) -> str:
        """The idempotency key: of the same step the same, in every load."""
        return str(
            uuid5(NAMESPACE_URL, f"{self.household} {self.path} {sorted(self.body.items())}")
        )


@dataclass(frozen=True)
class Family:
    """A household of the register, how many live together, and the village that works with it."""

    number: str
    members: int
    village: str

    def step(self, step: str, client: str = "", /, **body: object) -> Step:
        """A step of its case, by the village if no other client takes it."""
        path = f"/v1/households/{household_id(self.number)}/{step}"
        return Step(self.number, client or self.village, "identification", path, body)

    def visit(self, day: date) -> Step:
        """The village comes to its home."""
        made = {
            "visit_id": _id(f"{self.number} {day}"),
            "household_id": str(household_id(self.number)),
            "visited_at": f"{day}T10:30:00+08:00",
            "mode": "IN_PERSON_AT_HOME",
            "visitors": [{"person_id": _id(self.village), "post": "VILLAGE_CADRE"}],
            "purposes": ["ROUTINE"],
            "photo_hashes": [PROOF],
        }
        return Step(self.number, self.village, "visits", "/v1/visits", made)

    def seen(self, day: date, *, wages: int, own_cost: int) -> Json:
        """What was found at home on a day: twelve months' wages, and what illness cost the family, in yuan."""
        until = day.replace(day=1)
        income = {
            "window_from": str(until.replace(year=until.year - 1)),
            "window_to": str(until - timedelta(days=1)),
            "members": self.members,
            "wage_fen": wages * 100,
            "compliant_own_cost_fen": own_cost * 100,
        }
        others = ("operating", "operating_cost", "property", "transfer", "claims")
        return {
            "in_person_at_home": True,
            "income": income | {f"{other}_fen": 0 for other in others},
            "housing_grade": "B",
            "water_safe": True,
            "dropouts": 0,
            "uninsured": 0,
        }

    def identified(
        self, found: date, *, wages: int, own_cost: int, into: str = "", steps: int = 8
    ) -> list[Step]:
        """T1 to T10 from the day on which a risk was found, or the first so many `steps` of them."""
        day = _days(found, 0, 1, 2, 4, 5, 11, 12, 14)
        home = self.seen(found + timedelta(days=2), wages=wages, own_cost=own_cost)
        taken = [
            self.step(
                "clues",
                channel="CADRE_SCREENING",
                risk_types=["ILLNESS"],
                discovered_on=day[0],
                summary="入户排查发现家中有人患病住院",
            ),
            self.step(
                "verification", started_on=day[1], officers=self.officers(), recusal_declared=True
            ),
            self.step(
                "verification-result",
                verified_on=day[2],
                risk_types=["ILLNESS"],
                self_ability="家中主要劳动力住院,自身难以承担",
                **home,
            ),
            self.review(day[3]),
            self.step("publicity", posted_on=day[4], place=BOARD, text=NOTICE, photo_hash=PROOF),
            self.step("publicity-completion", ended_on=day[5]),
            self.step("town-review", TOWN, approved_on=day[6]),
            self.step("confirmation", COUNTY, confirmed_on=day[7], monitored_class=into),
        ]
        return taken[:steps]

    def rejected(self, day: date) -> Step:
        """T4, after the visit: nothing of it was so."""
        return self.step(
            "rejection",
            TOWN,
            reason_code="INCOME_ABOVE_AND_NO_RISK",
            text="收入高于监测线,住院费用已由医保报销,无返贫风险",
            family_told_on=str(day),
            appeal_explained=True,
            rejected_on=str(day),
        )

    def assessed(self, day: date, *, wages: int) -> Step:
        """Income and safeguards anew, while it is monitored."""
        home = self.seen(day, wages=wages, own_cost=1_000)
        return self.step("assessments", seen_on=str(day), **home)

    def eliminated(self, proposed: date, *, wages: int) -> list[Step]:
        """T13 to T14: the income stayed high, and something was done about the illness."""
        day = _days(proposed, -150, 0, 3, 5, 6, 12, 13, 15)
        home = self.seen(proposed + timedelta(days=3), wages=wages, own_cost=1_000)
        done = {
            "risk_type": "ILLNESS",
            "measure_id": "M-1",
            "category": "HEALTH",
            "implemented_on": day[0],
        }
        return [
            self.step("elimination", manner="ASSISTED", measures=[done], proposed_on=day[1]),
            self.step(
                "elimination/verification-result",
                visited_on=day[2],
                officers=self.officers(),
                housing_damaged=False,
                water_damaged=False,
                **home,
            ),
            self.review(day[3]),
            self.step("publicity", posted_on=day[4], place=BOARD, text=OVER, photo_hash=PROOF),
            self.step("publicity-completion", ended_on=day[5]),
            self.step("town-review", TOWN, approved_on=day[6]),
            self.step("elimination/decision", COUNTY, eliminated_on=day[7], severe_issues=0),
        ]

    def answered_for(self, since: date) -> Step:
        """S1.1-02: somebody of the village, by the account that they work with."""
        return self.step("responsible-person", TOWN, person=self.village, assigned_on=str(since))

    def review(self, day: str) -> Step:
        """T7."""
        votes = {"present": 21, "votes_for": 20, "votes_against": 0, "abstained": 1}
        return self.step("village-review", held_on=day, minutes_hash=PROOF, **votes)

    def officers(self) -> list[str]:
        """Two of the village."""
        return [_id(self.village), _id(f"{self.village} too")]


def cases() -> Iterator[Step]:
    """Every step; those of a household follow each other."""
    ill = Family("PZ-0002", 3, JUCUN)
    yield from ill.identified(
        date(2026, 2, 10), wages=60_000, own_cost=16_000, into="SUDDEN_HARDSHIP"
    )
    yield ill.assessed(date(2026, 3, 20), wages=63_000)
    yield ill.assessed(date(2026, 10, 12), wages=64_000)
    yield from ill.eliminated(date(2026, 10, 15), wages=64_000)

    poor = Family("PZ-0005", 4, JUCUN)
    yield from poor.identified(
        date(2026, 5, 11), wages=36_000, own_cost=12_000, into="UNSTABLE_FORMERLY_POOR"
    )
    yield poor.answered_for(date(2026, 5, 26))
    yield from (poor.visit(date(2026, month, 18)) for month in range(6, 12))
    marginal = Family("PZ-0003", 2, JUCUN)
    yield from marginal.identified(date(2026, 8, 3), wages=18_000, own_cost=11_000, into="MARGINAL")
    yield marginal.answered_for(date(2026, 8, 18))
    yield marginal.visit(date(2026, 9, 9))
    well = Family("PZ-0007", 3, JUCUN)
    yield from well.identified(date(2026, 9, 1), wages=66_000, own_cost=1_500, steps=3)
    yield well.rejected(date(2026, 9, 7))

    again = Family("PZ-0015", 4, SHANGZHEN)
    yield from again.identified(
        date(2026, 6, 22), wages=34_000, own_cost=13_000, into="UNSTABLE_FORMERLY_POOR"
    )
    posted = Family("PZ-0012", 4, SHANGZHEN)
    yield from posted.identified(date(2026, 11, 18), wages=30_000, own_cost=15_000, steps=5)
    asked = Family("PZ-0016", 2, SHANGZHEN)
    yield from asked.identified(date(2026, 11, 16), wages=0, own_cost=0, steps=2)
    overdue = Family("PZ-0018", 3, SHANGZHEN)
    yield from overdue.identified(date(2026, 10, 20), wages=0, own_cost=0, steps=1)


def _days(first: date, *later: int) -> list[str]:
    return [str(first + timedelta(days=days)) for days in later]


def _id(name: str) -> str:
    """The id of somebody, or of something, that has this name here."""
    return str(uuid5(NAMESPACE_URL, name))
