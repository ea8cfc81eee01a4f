"""What a public notice must not show: identity numbers, telephones, bank accounts, health (T8, A9)."""

import re

_KINDS: dict[str, re.Pattern[str]] = {
    "identity-number": re.compile(
        r"(?<!\d)(\d{17}[\dXx]|\d{15}|\d{17}[\dXx]\d{2}|\d{20}|\d{22})(?!\d)"
    ),
    "telephone": re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)"),
    "bank-account": re.compile(r"(?<!\d)\d{16}(?:\d{1}|\d{3})?(?!\d)"),
    "health": re.compile(
        r"癌|肿瘤|白血病|尿毒症|艾滋|HIV|肝炎|肺结核|糖尿病|高血压|心脏病|冠心病|脑梗|中风|精神病"
        r"|精神分裂|抑郁|瘫痪|透析|化疗|残疾[一二三四]级|[一二三四]级残疾",
        re.IGNORECASE,
    ),
}

LABELS = {
    "identity-number": "证件号码",
    "telephone": "电话号码",
    "bank-account": "银行账号",
    "health": "病情",
}


def personal_data_in(text: str) -> list[str]:
    """The kinds of personal data found, in a fixed order; never the data itself.

    Spaces and dashes inside a run of digits do not hide it.
    """
    joined = re.sub(r"(?<=\d)[\s\-·.](?=[\dXx])", "", text)
    return [
        kind for kind, pattern in _KINDS.items() if pattern.search(text) or pattern.search(joined)
    ]
