"""What a step out of turn is told: what is missing, what the case waits for, and the way back."""

import pytest

from common.problems import Problem, body
from contracts.identification import HouseholdEvent
from contracts.stages import Stage
from identification.domain.commands import Command
from identification.domain.guards import NEXT
from identification.refusals import REFUSALS
from services.identification.tests.ending import (
    APPROVE_AGAIN,
    ELIMINATE,
    PROPOSE,
    REVIEW_AGAIN,
    VERIFY_AGAIN,
    before,
    monitored,
)
from services.identification.tests.story import (
    CONFIRM,
    NOT_AT_RISK,
    POST,
    REVIEW,
    RISK,
    START,
    VERIFY,
    history,
    refused,
    up_to,
)

BACK = "；要重办此前的步骤，须先退回（T11）"
ANEW = "；要重新申请，须先驳回本次申请（T15）"


@pytest.mark.parametrize(
    ("command", "given", "zh"),
    [
        (
            START,
            [],
            "“无在办案件”：此步骤之前须有：有待核实的线索（T1）；接下来是报告风险线索（T1）",
        ),
        (
            CONFIRM,
            [RISK],
            "“线索待核实”：此步骤之前须有：乡镇审核通过（T9）；接下来是启动核实（T2）",
        ),
        (START, [RISK, START], "“核实中”：接下来是入户核实（T3）"),
        (VERIFY, [RISK, START, VERIFY], f"“已核实”：接下来是村级评议（T7）{BACK}"),
        (VERIFY, [RISK, START, VERIFY, REVIEW], f"“已评议”：接下来是张榜公示（T8）{BACK}"),
        (
            REVIEW,
            [RISK, START, NOT_AT_RISK],
            f"“核实结论为不纳入”：接下来是乡镇确认不予纳入（T4）{BACK}",
        ),
    ],
)
def test_a_step_out_of_turn_is_told_which_step_the_case_waits_for(
    command: Command, given: list[Command], zh: str
) -> None:
    assert told(command, history(*given)) == f"当前阶段为{zh}"


@pytest.mark.parametrize(
    ("command", "given", "zh"),
    [
        (VERIFY, monitored(), "“监测中”：接下来是重新核算，或申请消除（T13）"),
        (REVIEW_AGAIN, before(VERIFY_AGAIN), f"“消除核实中”：接下来是消除入户核实（E9）{ANEW}"),
        (PROPOSE, before(APPROVE_AGAIN), f"“消除公示期满”：接下来是消除的乡镇审核{ANEW}"),
        (
            ELIMINATE,
            before(VERIFY_AGAIN),
            "“消除核实中”：此步骤之前须有：消除经乡镇审核（T14）；接下来是消除入户核实（E9）",
        ),
    ],
)
def test_T14_so_is_a_step_of_an_elimination(
    command: Command, given: list[HouseholdEvent], zh: str
) -> None:
    assert told(command, given) == f"当前阶段为{zh}"


def test_in_english_too() -> None:
    refusal = refused(VERIFY, up_to(POST))
    assert body(Problem(refusal.code, refusal.details), REFUSALS)["title_en"] == (
        "The case is at “reviewed by the village”: next is to post the notice (T8); "
        "to take an earlier step again, the case is returned first (T11)"
    )


def test_every_stage_waits_for_something() -> None:
    assert set(NEXT) == set(Stage)


def told(command: Command, given: list[HouseholdEvent]) -> str:
    """The refusal of a command in Chinese."""
    refusal = refused(command, given)
    assert refusal.code == "step-out-of-order"
    return str(body(Problem(refusal.code, refusal.details), REFUSALS)["title"])
