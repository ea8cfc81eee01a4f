"""What is refused of a department."""

from common.problems import Text

FACTS: dict[str, Text] = {
    "unknown-event-type": Text(
        422,
        "未知的事件类型：可用类型见 /v1/fact-types",
        "Unknown event type: see /v1/fact-types for those accepted",
    ),
    "unknown-person": Text(
        422,
        "登记册中没有此人：请核对证件号码，或先由乡镇登记该户",
        "Nobody on the register has this identity number: check it, or have the town register the household",
    ),
}
