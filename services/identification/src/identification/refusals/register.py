"""What the register refuses."""

from common.problems import Text

REGISTER: dict[str, Text] = {
    "not-registered": Text(
        404, "该户未登记：请先登记农户", "The household is not on the register: register it first"
    ),
    "already-registered": Text(
        409,
        "该户已登记且内容不同：请走更正流程",
        "The household is registered with other content: correct the record instead",
    ),
    "register-number-in-use": Text(
        409,
        "户编号已用于另一户：请核对户编号",
        "The register number belongs to another household: check it",
    ),
    "one-head-needed": Text(
        422,
        "每户须有且只有一名户主，现有 {heads} 名",
        "A household has exactly one head, this one has {heads}",
    ),
    "person-twice-in-household": Text(
        422, "同一人在该户中出现两次", "A person appears twice in the household"
    ),
    "proposal-unknown": Text(
        404,
        "没有这样的报送：请核对编号；死亡、户口注销不属实的，由报送部门更正或撤回",
        "No such report of this household: check its id; one of a death or of a number struck off is corrected by its department",
    ),
    "person-twice-in-batch": Text(
        422,
        "同一证件号码在本批多户或多人中出现",
        "The identity number appears more than once in this batch",
    ),
    "person-in-another-household": Text(
        409,
        "第 {member} 名成员已登记在另一户：请先办理迁出或更正",
        "Member {member} is registered in another household: move the person or correct that record first",
    ),
    "co-living-count": Text(
        422,
        "共同生活人口应在 1 至 {members} 之间",
        "The number living together must be between 1 and {members}",
    ),
    "birth-date-out-of-range": Text(
        422,
        "第 {member} 名成员的出生日期不合理",
        "The birth date of member {member} is out of range",
    ),
    "labour-under-sixteen": Text(
        422,
        "第 {member} 名成员未满16周岁，劳动能力应为“无劳动力”",
        "Member {member} is under 16: labour capacity must be NONE",
    ),
    "household-ended": Text(
        409,
        "该户已不在册（{status}），不能再办理：如已并入他户，请在他户办理",
        "The household is off the register ({status}); if it was merged, act on the other household",
    ),
    "already-a-member": Text(
        409,
        "该人已是本户成员且登记内容不同：请走更正流程",
        "The person is a member already, with other content: correct the record instead",
    ),
    "not-a-member": Text(
        422,
        "所填人员不是本户现有成员：请核对 person_id",
        "A person named here is not a member of this household: check the person_id",
    ),
    "too-many-members": Text(
        422, "一户最多 {most} 名成员", "A household has at most {most} members"
    ),
    "new-head-needed": Text(
        422,
        "户主离户须同时指定新户主（new_head）",
        "The head leaves: name the new head in the same request (new_head)",
    ),
    "head-stays": Text(
        422,
        "户主未离户，不必指定新户主：变更户主请另行办理",
        "The head stays, so no new head is needed: change the head by itself",
    ),
    "relations-needed": Text(
        422,
        "须逐一填写其余 {others} 名成员与新户主的关系，且不能为“户主”",
        "Give the relation of each of the other {others} members to the new head, none of them HEAD",
    ),
    "assessed-later": Text(
        409,
        "该成员已有 {last} 的评定：评定日期不能早于它",
        "The member was assessed on {last}: a new assessment cannot be earlier",
    ),
    "told-later": Text(
        409,
        "已有 {last} 的登记：日期不能早于它",
        "It is known as of {last}: what is told now cannot be of an earlier day",
    ),
    "same-area": Text(
        422,
        "迁入地与现住地相同：村内搬迁、住址有误的，请用“变更住址”（address）办理",
        "The household lives in that area already: another address there is told by itself (address)",
    ),
    "handover-needed": Text(
        422,
        "迁出县外须提供移交材料的哈希值（handover_hash）",
        "A move out of the county needs the hash of the hand-over document (handover_hash)",
    ),
    "hand-over-by-relocation": Text(
        409,
        "该户有在办案件或监测，整户迁出县外由县用“搬迁”（relocation）办理，并提供移交材料（T19）",
        "The household has an open case: the county moves it out as a whole, with a hand-over document (relocation, T19)",
    ),
    "split-needs-both-sides": Text(
        422,
        "分户须有人分出、有人留下",
        "A split needs at least one member on either side",
    ),
    "merger-needs-others": Text(
        422,
        "并户须指定至少一户，且不能是本户",
        "Name at least one other household to take in, not this one",
    ),
    "merger-under-way": Text(
        409,
        "并户尚未完成：请稍后再办",
        "A merger is not complete yet: try again in a moment",
    ),
    "episode-open": Text(
        409,
        "该户有在办案件或正在监测：请先办结",
        "The household has an open episode: end it first",
    ),
    "duplicate-of-itself": Text(
        422,
        "重复登记须指明保留的另一户（duplicate_of）",
        "Name the other household that remains (duplicate_of)",
    ),
    "person-id-of-another": Text(
        409,
        "第 {member} 名成员的 person_id 已属于证件号码不同的人：请核对证件号码，或不填 person_id",
        "The person_id of member {member} is that of a person with another identity number: check the number, or leave person_id out",
    ),
    "number-needed": Text(
        422,
        "须填写证件号码：只有以出生为由增加、未满 {years} 周岁的可以暂不填，以后补登",
        "Give the identity number: only who joins by birth and is not yet {years} year old may be without one for now",
    ),
    "number-known": Text(
        409,
        "该成员已有证件号码：补登只用于登记时尚无号码的新生儿；号码有误的，由县更正身份信息",
        "The member has an identity number, and only a newborn without one is given it: the county corrects a wrong one (/identity)",
    ),
    "person-id-erased": Text(
        409,
        "第 {member} 名成员的 person_id 属于个人信息已删除的人，不再使用：请不填 person_id",
        "The person_id of member {member} was that of a person whose data was erased, and is not used again: leave person_id out",
    ),
    "person-has-another-id": Text(
        409,
        "第 {member} 名成员曾登记过，已有人员编号：请不填 person_id，由系统沿用",
        "Member {member} was registered before under another id: leave person_id out",
    ),
}
