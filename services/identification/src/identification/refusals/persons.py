"""What is refused about a person's data."""

from common.problems import Text

PERSONS: dict[str, Text] = {
    "processing-restricted": Text(
        409,
        "该人信息限制处理，任何人不得查看：如需使用，请县级先解除限制",
        "The person's data may be kept but not used: the county has to lift the restriction first",
    ),
    "purpose-continues": Text(
        409,
        "该人仍是某户成员，不能删除信息：请先办理离户，或限制处理",
        "The person is a member of a household, so the data is needed: restrict processing instead",
    ),
    "person-elsewhere": Text(
        409,
        "该人现已登记在另一户：请在该户办理",
        "The person belongs to another household now: take the step there",
    ),
    "no-number-yet": Text(
        409,
        "该成员登记时没有证件号码，无可更正：请用“补登证件号码”办理",
        "The member was registered without a number, so there is none to correct: give it one (/identity-number)",
    ),
    "already-erased": Text(409, "该人信息已删除", "The person's data was erased"),
    "nobody-by-this-number": Text(
        404,
        "没有登记此证件号码的在册人员：请核对号码，或按户编号查找",
        "No member of a household is registered with this number: check it, or look by household id",
    ),
    "not-in-vault": Text(
        404,
        "没有该人的信息：不属于本户，或信息已删除",
        "No data of this person: not of this household, or erased",
    ),
}
