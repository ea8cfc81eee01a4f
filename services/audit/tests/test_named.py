"""What a person reads has the names of areas and of filters, not their codes alone, where they have one."""

from collections.abc import Awaitable, Callable, Sequence

import httpx

from audit.meaning.words import AREAS, is_area
from common.testing import envelope, household
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

HERE = f"/households/{household(1)}"


def test_an_area_has_a_name_if_its_town_or_county_has() -> None:
    for code in ("441624", "441624108", "441624108201", "441624999001"):
        assert code in AREAS
    for code in ("44", "990000108", "4416241082019", "441624x", "和平县"):
        assert code not in AREAS
    assert [is_area(name) for name in ("region", "from_region", "area", "reason", "area_mu")] == [
        True,
        True,
        True,
        False,
        False,
    ]


async def test_a_sentence_and_the_state_name_the_area(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    registered = envelope(
        b'{"region":"441624108201","co_living_count":2}',
        type="HouseholdRegistered",
        household_id=household(1),
    )
    moved = envelope(
        b'{"from_region":"441624108201","to_region":"990000000001","effective_on":"2024-06-01"}',
        type="HouseholdRelocated",
        prev=registered,
    )
    await hear([registered])
    page = (await client.get(HERE)).text
    state = page[page.index("<details><summary>全部情况") :].partition("</dl>")[0]
    assert "彭寨镇（441624108201）</a>" in state
    await hear([moved])
    english = (await client.get(f"{HERE}?lang=en")).text
    assert "Moved from Pengzhai (441624108201) to 990000000001 on 2024-06-01" in english
    timeline = (await client.get(f"/v1{HERE}/timeline")).json()
    assert "由彭寨镇（441624108201）迁至990000000001" in timeline["items"][-1]["sentence"]["zh"]


async def test_a_look_at_a_list_says_of_which_area_and_what_was_asked_for(
    client: httpx.AsyncClient, hear: Hear, own: Callable[[], Awaitable[None]]
) -> None:
    await hear([envelope(type="RiskDetected", household_id=household(1))])
    await client.get("/county/households?phase=CLUE")
    await client.get("/accesses?region=441624108&department=yibao&refused=true")
    await client.get("/?region=441624108201")
    await client.get("/")
    del client.headers["Access-Purpose"]
    await client.get("/county/households?duty=identification.RiskDetected.v1&outcome=open")
    await own()
    page = (await client.get("/accesses")).text
    for said in (
        "查看了和平县的统计数字背后的名单（1户，条件：状态 线索）",
        "查看了彭寨镇的查看记录（0户，条件：部门 医疗保障部门、被拒绝 是）",
        "查看了彭寨镇（441624108201）的农户名单（1户），用途",
        "查看了和平县的各村户数（1户），用途",
        "条件：任务 发现风险线索、结果 未完成），用途：监督检查",
    ):
        assert said in page
    english = (await client.get("/accesses?lang=en")).text
    assert "(households: 1, filters: phase clue)" in english
    assert "of Heping County (households: 1), for" in english
    assert "filters: duty risk detected, outcome still open), for: supervision" in english.lower()
