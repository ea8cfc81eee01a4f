"""What the pages say of themselves, in Chinese and English."""

from audit.sentences import Words

PHRASES = {
    "title": Words("守望 · 监督", "Shouwang · Audit"),
    "other_language": Words("English", "中文"),
    "skip": Words("跳到正文", "Skip to the content"),
    "home": Words("查找农户", "Find a household"),
    "sign_in": Words("登录", "Sign in"),
    "sign_out": Words("退出", "Sign out"),
    "token": Words("访问令牌", "Access token"),
    "token_help": Words(
        "请粘贴您的访问令牌（须含 audit:read 权限）。令牌仅保存在本浏览器的会话中，关闭浏览器即失效。",
        "Paste your access token (with the scope audit:read). It is kept for this browser session only.",
    ),
    "household_id": Words("户编号", "Household id"),
    "open": Words("查看", "Open"),
    "villages": Words("按村查看", "By village"),
    "village": Words("村（区划代码）", "Village (area code)"),
    "households": Words("户数", "Households"),
    "events": Words("记录数", "Events"),
    "last": Words("最近一次记录", "Last recorded"),
    "nothing": Words("这里还没有记录。", "Nothing has been recorded here yet."),
    "timeline": Words("农户时间线", "Timeline of a household"),
    "area": Words("所在地", "Area"),
    "count": Words("共 {n} 条记录", "{n} events"),
    "parked": Words(
        "{n} 条记录尚未能处理，以下时间线可能不完整。",
        "{n} records could not be processed yet; the timeline below may be incomplete.",
    ),
    "quiet": Words("{n} 天没有记录", "{n} days without a record"),
    "month": Words("{year}年{month}月", "{year}-{month:02d}"),
    "occurred": Words("发生于", "Happened"),
    "recorded": Words("记录于", "recorded"),
    "late": Words("迟报 {n} 天", "recorded {n} days late"),
    "by": Words("经办", "By"),
    "details": Words("技术信息", "Technical details"),
    "more": Words("更多记录", "More"),
    "proof": Words("时间线校验值（SHA-256）", "Hash of this timeline (SHA-256)"),
    "times": Words("时间均为北京时间。", "All times are Asia/Shanghai."),
    "problem": Words("无法显示", "This cannot be shown"),
}
