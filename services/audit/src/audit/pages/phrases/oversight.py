"""What the page of the county says, the lists behind it, and that of the completeness of the log."""

from audit.meaning.sentences import Counted, Words

OVERSIGHT = {
    "county": Words("全域总览", "Overview"),
    "map": Words("各镇情况", "By town"),
    "map_villages": Words("各村情况", "By village"),
    "map_villages_help": Words(
        "颜色越深，户数越多。各村按区划代码排列，并非地图。",
        "The darker, the more households. The villages stand in the order of their codes; this is no map.",
    ),
    "map_villages_leads": Words(
        "点击数字查看名单，点击代码查看该村。", "A number opens its list, a code its village."
    ),
    "map_help": Words(
        "颜色越深，户数越多。方格只表示各镇的大致方位，并非地图。",
        "The darker, the more households. The tiles show roughly where the towns lie; they are no map.",
    ),
    "map_leads": Words(
        "点击数字查看名单，点击镇名查看该镇。", "A number opens its list, a name its town."
    ),
    "legend": Words("颜色表示户数：", "Shade by households:"),
    "town_count": Counted("{town}：{n} 户", "{town}: {n} households", "{town}: {n} household"),
    "phase": Words("按此着色", "Coloured by"),
    "phase_CLUE": Words("线索办理中", "Clue open"),
    "phase_MONITORED": Words("监测中", "Monitored"),
    "phase_ELIMINATED": Words("风险已消除", "Risk eliminated"),
    "funnel": Words("从线索到消除", "From clue to elimination"),
    "step": Words("环节", "Step"),
    "step_CLUE": Words("线索", "Clue"),
    "step_VERIFIED": Words("核实", "Verified"),
    "step_CONFIRMED": Words("认定", "Confirmed"),
    "step_ELIMINATED": Words("消除", "Eliminated"),
    "reached": Words("经过此环节的户数", "Households that reached it"),
    "median": Words("距上一环节天数（中位数）", "Days since the step before (median)"),
    "days": Counted("{n} 天", "{n} days", "{n} day"),
    "measured": Words("{days}（{n}\u00a0次）", "{days} (of {n})"),
    "duties": Words("限时任务", "Duties"),
    "duty": Words("期限", "Duty"),
    "duty_opened": Words("已产生", "Opened"),
    "duty_fulfilled": Words("已完成", "Fulfilled"),
    "duty_breached": Words("已逾期", "Breached"),
    "duty_open": Words("未完成", "Still open"),
    "monthly": Words("近十二个月到期的任务", "Duties due in the last twelve months"),
    "monthly_help": Words(
        "浅色宽条为当月到期的任务，深色窄条为其中已逾期的。",
        "The wide, light bar is what was due in a month, the narrow, dark one what of it was breached.",
    ),
    "monthly_still": Words("条上数字为已逾期/到期。", "Above the bars: breached/due."),
    "monthly_lists": Words(
        "下表列出数字，并可打开名单。", "The table has the numbers, and opens the lists."
    ),
    "monthly_table": Words("数字与名单", "Numbers and lists"),
    "due_month": Words("到期月份", "Month"),
    "due_in": Words("到期", "Due"),
    "breached_help": Words(
        "逾期：在期限当日结束前没有完成，无论后来是否补做。",
        "Breached: not fulfilled by the end of the day it was due, whether or not it was done later.",
    ),
    "household_area": Words(
        "农户按现在的所在地统计；限时任务按归属地统计，见任务表下的说明。",
        "Households are counted where they are now; for which area a duty counts is said below the duties.",
    ),
    "duty_area": Words(
        "任务归农户完成之日所在的镇、村；未按期完成的，归到期之日所在的镇、村。农户后来迁走，不改变归属。",
        "A duty counts for the area where the household was when it was done or, if not in time, when it was due; "
        "a later move changes nothing.",
    ),
    "counted_for": Words("任务归属地", "Counted for"),
    "moved_to": Words("现在{area}", "now {area}"),
    "unseen": Counted(
        "其中 {n} 户已迁出您所辖区域，名单中不再列出。",
        "{n} of them have moved out of your area, and are not listed.",
        "{n} of them has moved out of your area, and is not listed.",
    ),
    "unseen_times": Counted(
        "其中 {n} 次属于后来迁出您所辖区域的农户，名单中不再列出。",
        "{n} of them are of households that have moved out of your area since, and are not listed.",
        "{n} of them is of a household that has moved out of your area since, and is not listed.",
    ),
    "went_through": Words("经过“{step}”环节的农户", "Reached: {step}"),
    "no_such_household": Words("没有这样的农户。", "No household is like that."),
    "in_all": Counted("合计 {n} 户", "{n} households in all", "{n} household in all"),
    "in_all_times": Counted("合计 {n} 次", "{n} duties in all", "{n} duty in all"),
    "how_often": Words("次数", "How often"),
    "uncounted": Counted(
        "另有 {n} 户正在统计，以下数字暂不完整，请稍后刷新。",
        "{n} more households are being counted; the numbers below are not complete yet. Reload soon.",
        "{n} more household is being counted; the numbers below are not complete yet. Reload soon.",
    ),
    "oversight": Words("监督", "Oversight"),
    "completeness": Words("日志是否完整", "Is the log complete"),
    "completeness_help": Words(
        "各业务系统每小时声明自己记录了哪些事件（按月的数量和哈希），本系统与日志逐月核对；双方互不读取对方的数据库。",
        "Every hour each service states what it recorded, by month, with counts and hashes; each month is "
        "compared with the log. Neither reads the other's database.",
    ),
    "some_differ": Counted(
        "{n} 个业务的记录与日志不一致，请通知系统管理员。",
        "The log is not what {n} services recorded: tell the administrators.",
        "The log is not what {n} service recorded: tell the administrators.",
    ),
    "whole_complete": Words("一致", "Complete"),
    "whole_differs": Words("不一致", "Differs"),
    "whole_old": Words("声明已过时", "Out of date"),
    "whole_unstated": Words("尚未声明", "Not stated yet"),
    "whole_empty": Words("尚无记录", "Nothing recorded yet"),
    "whole_absent": Words("未接入", "Not run here"),
    "empty_help": Words(
        "尚无记录：至核对时刻为止，该业务声明自己还没有任何记录，日志中也没有；有了第一条记录，两分钟内即再次声明并核对。",
        "Nothing recorded yet: up to the moment that is compared, the service states that it has no record, "
        "and the log has none. Within two minutes after its first record it states again, and is compared.",
    ),
    "absent_help": Words(
        "未接入：没有配置该业务的公钥，日志中也没有它的记录，因此无可核对。",
        "Not run here: no key of the service is set up, and the log has nothing of it, so there is nothing "
        "to compare.",
    ),
    "by_service": Words("各业务", "By service"),
    "none_such": Words("没有符合条件的业务。", "No service is like that."),
    "stated": Words("已记录", "Recorded"),
    "logged": Words("日志中", "In the log"),
    "stated_until": Words("核对截至", "Compared up to"),
    "differing_months": Words("不一致的月份", "Months that differ"),
    "no_differing_months": Words("没有不一致的月份。", "No month differs."),
    "differing_help": Words(
        "数量相同而不一致的，是有事件被换成了别的内容。",
        "Where the counts are equal, an event is another than was recorded.",
    ),
    "month_utc": Words("月份（UTC）", "Month (UTC)"),
}
