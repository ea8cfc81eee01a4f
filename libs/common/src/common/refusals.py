"""What any service may refuse, in words that say what to do. Its own refusals each service adds."""

from common.problems import Text

COMMON: dict[str, Text] = {
    "unauthenticated": Text(
        401,
        "缺少令牌或令牌无效：请重新获取令牌后再试",
        "No token, or it is not valid: get a new token and try again",
    ),
    "issuer-unavailable": Text(
        503,
        "暂时无法验证令牌（认证服务不可用）：请稍后重试",
        "The token cannot be checked now (the issuer does not answer): try again in a moment",
    ),
    "not-the-next": Text(
        409,
        "该记录之前还有未处理的记录：请先处理前面的",
        "Other records of the household stand before this one: deal with those first",
    ),
    "token-expired": Text(
        401,
        "令牌已过期：请重新获取令牌后再试",
        "The token has expired: get a new one and try again",
    ),
    "forbidden": Text(
        403,
        "没有权限：此操作需要权限 {scope}",
        "Not allowed: this needs the scope {scope}",
    ),
    "outside-region": Text(
        403,
        "没有权限：不在您负责的区域内",
        "Not allowed: outside the area that you answer for",
    ),
    "not-routed": Text(
        403,
        "没有权限：该户未分派给您的部门",
        "Not allowed: the household is not routed to your department",
    ),
    "not-found": Text(
        404,
        "没有找到：请核对地址和其中的编号",
        "Not found: check the address, and the identifier in it",
    ),
    "method-not-allowed": Text(
        405,
        "该地址不支持此方法：可用 {allowed}",
        "This address does not support the method: use {allowed}",
    ),
    "invalid": Text(
        422,
        "请求内容有 {count} 处错误，请按指针逐一修改",
        "{count} error(s): correct them where the pointers say",
    ),
    "broken-json": Text(
        400,
        "不是有效的 JSON（第 {line} 行第 {column} 列附近）：请检查内容是否被截断、是否为 UTF-8，完整后重新提交",
        "Not valid JSON (near line {line}, column {column}): see whether it was cut off there, or is not UTF-8, and send it again whole",
    ),
    "byte-order-mark": Text(
        400,
        "JSON 之前有 UTF-8 的字节序标记（BOM，EF BB BF）：请另存为不带 BOM 的 UTF-8 后重新提交",
        "A UTF-8 byte order mark (EF BB BF) stands before the JSON: save it as UTF-8 without BOM and send it again",
    ),
    "unsupported-media-type": Text(
        415, "不支持的 Content-Type，可用：{accepted}", "Unsupported Content-Type; use {accepted}"
    ),
    "unsupported-charset": Text(
        415,
        "Content-Type 声明的字符集（charset）不是 UTF-8：请将内容转为 UTF-8，charset 写为 utf-8 或不写，再重新提交",
        "The Content-Type declares a charset that is not UTF-8: send the body as UTF-8, and declare utf-8 or none",
    ),
    "unsupported-content-encoding": Text(
        415,
        "请求体经过压缩（Content-Encoding），本系统只接受未压缩的内容：请关闭压缩、去掉该请求头后重新提交",
        "The body is compressed (Content-Encoding), and is taken only as it is: turn compression off, leave the header out, and send it again",
    ),
    "header-twice": Text(
        400,
        "请求头 {names} 出现多次：每个只写一次",
        "The header {names} stands there more than once: send it once",
    ),
    "body-too-large": Text(
        413,
        "请求体超过 {limit} 字节：请分批提交",
        "The body is over {limit} bytes: send it in smaller batches",
    ),
    "batch-too-large": Text(
        413,
        "一批最多 {limit} 条，收到 {count} 条：请分批提交",
        "At most {limit} items a batch, got {count}: send it in parts",
    ),
    "not-an-array": Text(
        400,
        "批次应为 JSON 数组或 NDJSON（每行一条）",
        "A batch is a JSON array, or NDJSON with one item a line",
    ),
    "empty-batch": Text(
        400, "批次为空：至少需要一条", "The batch is empty: send at least one item"
    ),
    "idempotency-key-missing": Text(
        400,
        "缺少 Idempotency-Key 请求头，或超过 255 个字符：请为每次操作生成一个唯一值，重试时沿用",
        "The Idempotency-Key header is missing, or over 255 characters: make a unique value for each action and keep it when you retry",
    ),
    "idempotency-key-reused": Text(
        422,
        "该 Idempotency-Key 已用于另一请求：新操作请用新值",
        "This Idempotency-Key was used for another request: use a new value for a new action",
    ),
    "event-id-reused": Text(
        409,
        "该 (source, id) 已用于内容不同的事件：更正请用新的 id",
        "This (source, id) was used for an event with other content: give a correction an id of its own",
    ),
    "event-too-large": Text(
        422,
        "内容过大：一个事件最多 {limit} 字节，请拆分后提交",
        "Too much for one event: at most {limit} bytes, send it in parts",
    ),
    "version-moved-on": Text(
        412,
        "该户记录已更新到版本 {version}：请重新读取后再试",
        "The household has moved on to version {version}: read it again and retry",
    ),
    "not-a-version": Text(
        412,
        "If-Match 不是本系统给出的版本：请原样使用读取时答复的 ETag",
        "If-Match is no version of ours: send the ETag of the answer that you read",
    ),
    "conflict": Text(
        503,
        "该户正被多人同时修改：请稍后重试",
        "Several people are changing this household: try again in a moment",
    ),
    "busy": Text(
        503,
        "系统繁忙：请稍后重试，本次请求未被记录",
        "The service is busy: try again in a moment; nothing was recorded",
    ),
    "partly-recorded": Text(
        503,
        "系统繁忙：{sent} 条中有 {recorded} 条已记录，其余未记录。请稍后原样重新提交全部内容，已记录的不会重复记录",
        "The service is busy: {recorded} of {sent} are recorded, the others are not. Send all of it again, as it is, in a moment: nothing is recorded twice",
    ),
    "unavailable": Text(
        503,
        "数据库暂不可用：请稍后原样重新提交（Idempotency-Key 不变），已记录的不会重复记录",
        "The database is not available: send the same again in a moment, with the same Idempotency-Key; nothing is recorded twice",
    ),
    "unknown-filter": Text(
        400,
        "未知的筛选条件 {names}：请去掉；可用的有：{known}",
        "Unknown filter {names}: leave it out; known are: {known}",
    ),
    "filter-twice": Text(
        400,
        "筛选条件 {names} 出现多次：每个只写一次，多个值请分别查询",
        "Filter {names} stands there more than once: give each once, and ask for several values one by one",
    ),
    "invalid-cursor": Text(
        400,
        "分页游标无效：请从第一页重新开始",
        "The cursor is not valid: start again from the first page",
    ),
    "internal": Text(
        500,
        "系统内部错误：请把 trace_id 告诉管理员",
        "Something is wrong on our side: tell the operator the trace_id",
    ),
}
