"""Every no of this service in words, with what to do about it."""

from common.problems import Text

REFUSALS = {
    "not-signed-yet": Text(
        503,
        "日志还没有签名的检查点：请一分钟后再试",
        "The log has no signed checkpoint of this yet: try again in a minute",
    ),
    "log-not-heard-yet": Text(
        503,
        "数据库恢复自较早的备份，尚未重新读到已签名的全部记录：请稍后再试",
        "The database was restored from an older backup, and has yet to hear again all that was "
        "signed: try again later",
    ),
    "not-a-cosignature": Text(
        422,
        "不是本日志已知见证人对其检查点的见证签名：请用 witness.py 生成，并请管理员登记见证人的公钥",
        "Not a cosignature of a checkpoint of this log by a witness that it knows: make it with "
        "witness.py, and have the witness's key named in LOG_WITNESSES",
    ),
    "invalid-moment": Text(
        400,
        "时间无法识别：请用日期（2024-06-03）或带时区的时间（2024-06-03T12:00:00+08:00）",
        "Not a time: give a date (2024-06-03), or a moment with its zone (2024-06-03T12:00:00+08:00)",
    ),
    "look-not-recorded": Text(
        503,
        "查看记录暂时无法写入，因此不予显示：请稍后重试",
        "The look cannot be recorded now, and so is not answered: try again in a moment",
    ),
    "form-of-another-site": Text(
        403,
        "表单不是从本系统的页面提交的：请打开本系统的页面再办理",
        "The form was not sent from a page of this service: open the page here, and send it from there",
    ),
    "not-needed": Text(
        403,
        "没有权限：部门只能查看履行任务所需的内容",
        "Not allowed: a department sees what its task needs, and no more",
    ),
    "purpose-missing": Text(
        422,
        "缺少用途：导出时请用请求头 Access-Purpose（或链接参数 purpose）写明用途",
        "The purpose is missing: state it in the header Access-Purpose (or `purpose` in a link)",
    ),
    "purpose-not-acceptable": Text(
        422,
        "用途应为不超过 200 字的一行文字（UTF-8），且不得含证件号码",
        "A purpose is one line of text (UTF-8), at most 200 characters, without an identity number",
    ),
    "no-lists": Text(
        403,
        "没有权限：名单和总览只供监督人员和县乡村工作人员查看，部门请按系统户号、户编号或完整证件号码查找分派给本部门的农户",
        "Not allowed: lists and overviews are for supervisors and staff; a department finds the households "
        "routed to it by household id, register number or whole identity number",
    ),
    "not-an-identity-number": Text(
        422,
        "证件号码有误：应为18位身份证号码，20、22位残疾人证号码，或名册上的脱敏号码（如 990000********0118）",
        "Not an identity number: 18 characters of an identity card, 20 or 22 of a disability card, or a "
        "masked number as lists show it (990000********0118)",
    ),
    "nobody-by-this-number": Text(
        404,
        "没有登记此证件号码的在册人员：请核对号码，或按户编号、按村查找",
        "No member of a household is registered with this number: check it, or look by register "
        "number or village",
    ),
    "no-such-number": Text(
        404,
        "您的区域内没有这个户编号的农户：请核对编号，或按村查找；证件号码和系统户号请填在各自的栏内",
        "No household of your area has this register number: check it, or look by village; an identity "
        "number or a household id goes into its own field",
    ),
    "numbers-not-read-yet": Text(
        503,
        "户编号正在读取，暂不能确定有没有这一户：请一分钟内再试，或按系统户号、按村查找",
        "The register numbers are being read, so that it is not known yet whether there is one: try again "
        "within a minute, or look by household id or village",
    ),
    "lookup-refused": Text(
        403,
        "该户不在您的区域或职责范围内，或令牌缺少 households:read 权限；拒绝查找已被记录",
        "The household is outside your area or duties, or the token lacks the scope households:read; "
        "the refusal was recorded",
    ),
    "lookup-restricted": Text(
        409,
        "该人信息限制处理，不能按证件号码查找：请按户编号或按村查找",
        "The person's data may not be used: look by register number or village",
    ),
    "lookup-not-set-up": Text(
        503,
        "本系统没有配置户情识别服务的地址，不能按证件号码查找：请按户编号或按村查找",
        "The address of identification is not set up here: look by register number or village",
    ),
    "lookup-unavailable": Text(
        503,
        "户情识别服务暂时无法查询证件号码：请稍后再试，或按户编号、按村查找",
        "Identification cannot be asked just now: try again later, or look by register number or village",
    ),
    "unknown-checkpoint": Text(
        404,
        "没有这个编号的检查点：请核对所存检查点的第二行",
        "There is no checkpoint of this size: check the second line of the one that you kept",
    ),
}
