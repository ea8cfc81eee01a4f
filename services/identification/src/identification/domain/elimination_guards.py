"""E1–E12: each guard a small function that says what it found.

`judged` runs them all; what cannot be judged yet has `ok` null and waits for a later step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from common.decider import Refused
from contracts.assessments import IncomeAssessed
from contracts.eliminations import (
    Guard,
    GuardResult,
    ImplementedMeasure,
    Manner,
    MeasureCategory,
)
from identification.domain.findings import yuan
from identification.domain.guards import disputed_until, open_until
from identification.domain.known_incomes import (
    Known,
    above_the_line,
    assessed_in,
    compared,
    day_of,
    is_above,
    is_covered,
    line_for_all,
)
from identification.domain.measures import answers
from identification.domain.months import months_after
from identification.domain.policy import Policy
from identification.domain.stages import EliminationReady, Monitored
from identification.domain.states import Household
from identification.domain.survey import is_safe, of_those_here, suspected, unseen


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a step of an elimination looks at, on the day it is taken.

    `ready` is there once officers have seen the household, `reviewed` once the town has approved,
    `severe_issues` when the county decides. An episode that was taken over from another household
    has no assessment here until somebody makes one.
    """

    household: Household
    monitored: Monitored
    manner: Manner
    measures: Sequence[ImplementedMeasure]
    on: date
    policy: Policy
    ready: EliminationReady | None = None
    reviewed: bool = False
    severe_issues: int | None = None
    water_report_stale: bool = False  # by now, whatever was seen

    @property
    def income(self) -> IncomeAssessed | None:
        """The latest assessment."""
        return self.incomes[-1] if self.incomes else None

    @property
    def incomes(self) -> Known:
        """In the order of their days."""
        return assessed_in(self.household, self.monitored)


Found = tuple[bool | None, str, str]  # whether it holds, and what was found, in both languages
EXEMPT: Found = (True, "自然消除不适用", "does not apply: by itself")
MISSING: Found = (False, "未登记", "not on record")
LATER: Found = (None, "后续环节核对", "judged at a later step")


def judged(case: Case) -> list[GuardResult]:
    """All twelve, in order."""
    return [
        GuardResult(guard=guard, ok=ok, evidence_zh=zh, evidence_en=en)
        for guard, judge in GUARDS.items()
        for ok, zh, en in [judge(case)]
    ]


def all_hold(case: Case) -> list[GuardResult]:
    """The results. Raises `Refused` that names every guard that fails, and what would satisfy it."""
    results = judged(case)
    failing = [result for result in results if result.ok is False]
    if failing:
        raise Refused(
            "elimination-guards",
            failing=[result.guard for result in failing],
            failing_zh=[f"{r.guard} 须{r.guard.zh}（现为：{r.evidence_zh}）" for r in failing],
            failing_en=[f"{r.guard} {r.guard.en} (found: {r.evidence_en})" for r in failing],
        )
    return results


def assessed_on(household: Household) -> list[date]:
    """The days of the latest assessments, on which E2–E5 rest."""
    seen = household.safeguards
    income = [day_of(assessed) for assessed in household.assessments[-1:]]
    return [*income, seen.assessed_on] if seen else income


def e1_measures(case: Case) -> Found:
    """E1. Each recorded risk has an implemented measure that can answer it (ASSISTED only)."""
    if case.manner is Manner.NATURAL:
        return EXEMPT
    answered = {
        measure.risk_type
        for measure in case.measures
        if measure.category in answers(measure.risk_type, case.household)
        and measure.implemented_on <= case.on
    }
    missing = [risk for risk in case.monitored.risks if risk not in answered]
    if missing:
        fit = [
            (r, sorted(answers(r, case.household), key=[*MeasureCategory].index)) for r in missing
        ]
        zh = "；".join(f"{r.zh}（须为{'、'.join(m.zh for m in fits)}之一）" for r, fits in fit)
        en = "; ".join(f"{r.en} (one of {', '.join(m.en for m in fits)})" for r, fits in fit)
        return False, f"无对应措施：{zh}", f"no measure for {en}"
    return True, f"措施{len(case.measures)}项", f"{len(case.measures)} measures"


def e2_income(case: Case) -> Found:
    """E2 and A46. Strictly above the line of the assessment, for those who have joined since as well."""
    income = case.income
    if income is None:
        return MISSING
    total, line = compared(income), line_for_all(income, case.household)
    zh = f"合计{yuan(total)}元，监测线合计{yuan(line)}元"
    en = f"{yuan(total)} yuan, the line is {yuan(line)} for all"
    if (now := case.household.registered.co_living_count) > income.members:
        zh = f"{zh}（核算时{income.members}人，现{now}人，可重新核算）"
        en = f"{en} ({income.members} persons when assessed, {now} now: assess anew)"
    return is_above(income, case.household), zh, en


def e3_stable(case: Case) -> Found:
    """E3. Two assessments above the line, six months apart or more, all between them too (ASSISTED only)."""
    if case.manner is Manner.NATURAL:
        return EXEMPT
    above = above_the_line(case.incomes)
    if above is None:
        return False, "最近一次核算未高于线", "the latest assessment is not above the line"
    first, last = above
    needed = months_after(first, case.policy.elimination_stable_months)
    zh, en = f"{first}至{last}均高于线", f"above the line from {first} to {last}"
    return last >= needed, f"{zh}，须至{needed}", f"{en}, needed until {needed}"


def e4_safeguards(case: Case) -> Found:
    """E4. Schooling, insurance and housing of everybody who is a member now, and water with a valid report."""
    household = case.household
    if household.safeguards is None:
        return MISSING
    seen = of_those_here(household.safeguards, household.registered)
    missed = len(household.newcomers) + unseen(seen, household.known_members, case.policy)
    seen = replace(seen, water_report_stale=seen.water_report_stale or case.water_report_stale)
    doubt = suspected(seen)
    zh = (
        f"失学{seen.dropouts}人{f'，疑似辍学{doubt}人' if doubt else ''}，未参保{seen.uninsured}人，住房{seen.housing_grade.zh}，"
        f"饮水{'合格' if seen.water_safe else '不合格'}"
        f"{'，检测报告过期' if seen.water_report_stale else ''}"
    )
    en = (
        f"dropouts {seen.dropouts}{f', suspected {doubt}' if doubt else ''}, "
        f"uninsured {seen.uninsured}, housing {seen.housing_grade.en}, "
        f"water {'safe' if seen.water_safe else 'unsafe'}"
        f"{', report stale' if seen.water_report_stale else ''}"
    )
    if missed:
        zh = f"{zh}，成员{missed}人未核查，须{'不同意消除（T15）后' if case.ready else ''}重新核查"
        en = f"{en}, not surveyed: {missed}; survey anew{' after T15' if case.ready else ''}"
    return is_safe(seen) and not missed, zh, en


def e5_spending(case: Case) -> Found:
    """E5. Own cost below the warning threshold, or reference income above the line."""
    income = case.income
    if income is None:
        return MISSING
    threshold = case.policy.medical_threshold(at_risk_group=True)
    solved = income.compliant_own_cost_fen < threshold
    covered = is_covered(income, case.household)
    zh = f"合规自付{yuan(income.compliant_own_cost_fen)}元，预警线{yuan(threshold)}元"
    en = f"own cost {yuan(income.compliant_own_cost_fen)}, warning at {yuan(threshold)}"
    return solved or covered, zh, en


def e6_clues(case: Case) -> Found:
    """E6. By that day, somebody had looked at every clue that joined the episode."""
    waiting = len(case.monitored.unhandled)
    if until := open_until(case.monitored.looked_at, case.on):
        return False, f"线索于{until}才处理", f"a clue was open until {until}"
    if waiting == 0:
        return True, "没有未处理线索", "no clue waits"
    zh = f"未处理线索{waiting}条，须由镇逐条排除或撤回（T4），或{'不同意消除（T15）后' if case.ready else ''}列为风险"
    en = (
        f"clues not looked at: {waiting}; the town rejects or withdraws each (T4), or adds its risk"
    )
    return False, zh, f"{en} after it turned the elimination down (T15)" if case.ready else en


def e7_labour(case: Case) -> Found:
    """E7 and A15. A household without labour stays, unless the county has allowed its elimination by then."""
    if case.household.has_labour:
        return True, "有劳动能力", "has labour capacity"
    if (allowed := case.monitored.allowed_on) and allowed <= case.on:
        return True, "县级已批准（兜底保障稳定）", "allowed by the county: SAFETY_NET_STABLE"
    return (
        False,
        "整户无劳动能力，须县级以“兜底保障稳定”批准",
        "no labour capacity; the county may allow it as SAFETY_NET_STABLE",
    )


def e8_time(case: Case) -> Found:
    """E8 and A44. Neither in the month of the confirmation nor in the next one (not asked of NATURAL)."""
    if case.manner is Manner.NATURAL:
        return EXEMPT
    confirmed = case.monitored.confirmed.confirmed_on
    earliest = months_after(confirmed.replace(day=1), case.policy.elimination_months_after)
    zh = f"{confirmed}认定，最早{earliest}"
    return case.on >= earliest, zh, f"confirmed on {confirmed}, {earliest} at the earliest"


def e9_visit(case: Case) -> Found:
    """E9. Seen at home by enough officers, not long ago."""
    if case.ready is None:
        return LATER
    visited = case.ready.verified
    days = (case.on - visited.visited_on).days
    enough = visited.officer_count >= case.policy.min_officers
    zh = f"{days}天前由{visited.officer_count}名干部核实"
    en = f"{visited.officer_count} officers, {days} days ago"
    return enough and days <= case.policy.elimination_visit_days, zh, en


def e10_reviews(case: Case) -> Found:
    """E10. The village agreed, the notice was posted for five full days, and no objection is open."""
    if not case.reviewed:
        return LATER
    if until := disputed_until(case.household, case.on):
        return False, f"异议于{until}才处理", f"an objection was open until {until}"
    objections = len(case.household.opened.objections)
    zh, en = f"未处理异议{objections}件", f"{objections} objections open"
    return objections == 0, zh, en


def e11_record(case: Case) -> Found:
    """E11. What will be compared later is on record, including whether housing and water are damaged.

    Judged with the visit, since nothing can be added to its record afterwards.
    """
    if case.ready is None:
        return LATER
    seen = case.ready.verified
    missing = [
        words
        for words, value in (
            (("住房是否受损", "housing damaged"), seen.housing_damaged),
            (("饮水是否受损", "water damaged"), seen.water_damaged),
        )
        if value is None
    ]
    if missing:
        zh, en = "、".join(zh for zh, _ in missing), ", ".join(en for _, en in missing)
        return False, f"缺：{zh}", f"missing: {en}"
    return True, "完整", "complete"


def e12_quality(case: Case) -> Found:
    """E12. Nothing severe is open on the household's data."""
    if case.severe_issues is None:
        return LATER
    zh = f"未处理严重问题{case.severe_issues}项"
    return case.severe_issues == 0, zh, f"{case.severe_issues} severe issues open"


GUARDS: dict[Guard, Callable[[Case], Found]] = {
    Guard.E1: e1_measures,
    Guard.E2: e2_income,
    Guard.E3: e3_stable,
    Guard.E4: e4_safeguards,
    Guard.E5: e5_spending,
    Guard.E6: e6_clues,
    Guard.E7: e7_labour,
    Guard.E8: e8_time,
    Guard.E9: e9_visit,
    Guard.E10: e10_reviews,
    Guard.E11: e11_record,
    Guard.E12: e12_quality,
}
