"""What a public notice must not show: identity numbers, telephones, bank accounts, health (T8, A9)."""

import re
import unicodedata

_IMPAIRED = "肢体|视力|听力|言语|智力|精神|多重"  # the kinds of disability that a card names
_KINDS: dict[str, re.Pattern[str]] = {
    "identity-number": re.compile(
        r"(?<!\d)(\d{17}[\dXx]|\d{15}|\d{17}[\dXx]\d{2}|\d{20}|\d{22})(?!\d)"
    ),
    "telephone": re.compile(
        r"(?<!\d)((?:86)?1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)|\(0\d{2,3}\)\s*\d{7,8}(?!\d)"
    ),
    "bank-account": re.compile(r"(?<!\d)\d{16}(?:\d{1}|\d{3})?(?!\d)"),
    "health": re.compile(
        r"癌|肿瘤|白血病|尿毒症|艾滋|HIV|肝炎|乙肝|丙肝|肝硬化|结核|尘肺|慢阻肺|糖尿病|高血压|心脏病|冠心病"
        r"|心肌梗|心梗|脑梗|脑出血|脑溢血|脑卒中|脑瘫|中风|精神病|精神障碍|智力障碍|精神分裂|抑郁|癫痫|痴呆"
        r"|帕金森|红斑狼疮|血友病|肾衰|肾功能|瘫痪|偏瘫|截瘫|透析|化疗|放疗|骨髓移植|器官移植"
        rf"|(?:残疾|{_IMPAIRED})[(]?[一二三四1-4]级|[一二三四1-4]级(?:{_IMPAIRED})?残疾",
        re.IGNORECASE,
    ),
}

LABELS = {
    "identity-number": "证件号码",
    "telephone": "电话号码",
    "bank-account": "银行账号",
    "health": "病情",
}

_BETWEEN = r"\s\-\u2010-\u2015_·."  # what people write between the digits of one number
_DAY = r"(?:19|20)\d\d\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}日?"
_TO = r"\s*[-\u2010-\u2015~至到]+\s*"
# One day, or the first and the last; not what stands in the middle of a longer number.
_DAYS = re.compile(
    rf"(?<!\d)(?<!\d[{_BETWEEN}]){_DAY}(?:{_TO}{_DAY})?(?:\s*\d{{1,2}}[:时]\d{{0,2}})?(?![{_BETWEEN}]?\d)"
)
_INSIDE = re.compile(rf"(?<=\d)[{_BETWEEN}]{{1,3}}(?=[\dXx])")


def personal_data_in(text: str) -> list[str]:
    """The kinds of personal data in a text, in a fixed order; never the data itself.

    A number is found also if it is written with blanks or dashes inside, or with digits of full width. The
    dates of a notice are not taken for a number.
    """
    plain = unicodedata.normalize("NFKC", text)
    joined = _INSIDE.sub("", _DAYS.sub(" ", plain))
    return [
        kind for kind, pattern in _KINDS.items() if pattern.search(plain) or pattern.search(joined)
    ]
