"""What is refused beside the stages: authorisation, comparison, objections."""

from common.problems import Text

INQUIRIES: dict[str, Text] = {
    "authorisation-incomplete": Text(
        422,
        "授权书须有签署人和授权比对的范围",
        "An authorisation names who signed it and which registers it opens",
    ),
    "authorisation-medium": Text(
        422,
        "须写明授权书的签署方式（medium）：{codes}（纸质签名、按指印、电子签名）",
        "Say how the letter was signed (medium): {codes} (on paper, by fingerprint, electronically)",
    ),
    "signer-not-adult-member": Text(
        422,
        "第 {signer} 名签署人不是该户年满18周岁的成员",
        "Signer {signer} is not an adult member of the household",
    ),
    "authorisation-needed": Text(
        409,
        "未签署承诺授权书，不得发起信息比对：请先由农户签署（T5）",
        "No authorisation is signed, so nobody may be asked: have the family sign first (T5)",
    ),
    "authorisation-refused": Text(
        409,
        "农户已于 {refused_on} 不同意授权，不得向任何部门查询：改由入户核实，或由农户重新签署",
        "The family refused on {refused_on}, so nobody may be asked: decide by the visit, or have the family sign",
    ),
    "authorisation-was-refused": Text(
        409,
        "农户不同意授权：乡镇须声明仅凭入户核实作出决定（visit_only），或退回、不予纳入",
        "The family refused the comparison: declare that the town decides by the visit alone (visit_only), or return or reject the case",
    ),
    "beyond-authorisation": Text(
        409,
        "{sources} 不在授权范围内：授权范围为 {scope}",
        "{sources} is beyond the authorisation, which covers {scope}",
    ),
    "comparison-open": Text(
        409,
        "信息比对尚未完成（{sources}）：请先登记结果或逾期未答",
        "The comparison with {sources} is not completed: record the answers or the time-outs first",
    ),
    "no-comparison-open": Text(
        409,
        "没有进行中的信息比对：请先发起（T6）",
        "No comparison is under way: request one first (T6)",
    ),
    "comparison-incomplete": Text(
        422,
        "每个被查询的部门须且只须有一个结果或逾期未答，尚缺 {missing}；被查询的为 {asked}",
        "Each register asked answered once or timed out; missing: {missing}; asked: {asked}",
    ),
    "objection-open": Text(
        409,
        "尚有未处理的异议（{objections}）：请先处理",
        "An objection is open ({objections}): resolve it first",
    ),
    "unknown-objection": Text(
        409,
        "没有该异议或已处理：未处理的异议为 {objections}",
        "There is no such objection open; open are: {objections}",
    ),
}
