"""The three kinds of panels: a number, lines over time, a table of books.

A number is asked once, at the end of the time range: one that has ended is empty then, where the last value of a
range query would still stand there. Lines are broken where nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from grafana_foundation_sdk.builders import common as options
from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from .colours import ASK, BID, GOOD, PLAIN, SIGNED, WARN, Steps, thresholds
from .queries import Query

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
NOTHING = "–"  # what a stat shows while there is no value  # noqa: RUF001
STAT_HEIGHT, CHART_HEIGHT = 4, 8
LIVE_OR_NOT = {1: ("live", GOOD), 0: ("not live", WARN)}
FULL = 1.05  # upper end of an axis on which 1 is the usual value and should be seen
# Grafana's units; `suffix:` is its way to say any other.
BP, EACH_SECOND, SECONDS, SHARE, NUMBER, AMOUNT, BYTES = (
    *("suffix:bp", "suffix:/s", "s", "percentunit", "none", "short", "bytes"),
)
ANY_BID, ANY_ASK = r"/\b(bid|buy|short|up)\b/", r"/\b(ask|sell|long|down)\b/"

Kind = stat_builder.Panel | timeseries.Panel | table_builder.Panel


def target(query: Query, place: int, *, instant: bool, table: bool = False) -> Dataquery:
    """A query as a panel's target; the first is A."""
    made = Dataquery().datasource(SOURCE).ref_id(chr(ord("A") + place)).expr(query.expr)
    made.legend_format(query.legend or "__auto")
    made.format(PromQueryFormat.TABLE if table else PromQueryFormat.TIME_SERIES)
    return made.instant() if instant else made.range()


def words(of: Mapping[int, tuple[str, str]]) -> ValueMap:
    """Numbers that stand for words, with their colours."""
    return ValueMap(
        options={
            str(number): ValueMappingResult(text=text, color=colour, index=index)
            for index, (number, (text, colour)) in enumerate(of.items())
        }
    )


def stat(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = NUMBER,
    steps: Steps = PLAIN,
    decimals: int | None = None,
    meaning: Mapping[int, tuple[str, str]] | None = None,
    legend: str = "",
    width: int = 3,
) -> stat_builder.Panel:
    """One number. `meaning` gives words to some numbers; with a `legend`, its words stand instead of the number."""
    made = (
        stat_builder.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .span(width)
        .height(STAT_HEIGHT)
        .unit(unit)
        .no_value(NOTHING)
        .thresholds(thresholds(steps))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.NAME if legend else BigValueTextMode.VALUE)
        .reduce_options(options.ReduceDataOptions().calcs(["last"]).values(False).fields(""))
        .with_target(target(Query(expr, legend), 0, instant=True))
    )
    if decimals is not None:
        made.decimals(decimals)
    if meaning:
        made.mappings([words(meaning)])
    return made


def lines(
    title: str,
    description: str,
    *queries: Query,
    unit: str = NUMBER,
    low: float | None = None,
    high: float | None = None,
    marks: Steps = (),
    sided: bool = False,
    centred: bool = False,
    stacked: bool = False,
    width: int = 12,
) -> timeseries.Panel:
    """Lines over time.

    `marks` (`beyond`) are drawn as dashed lines. `sided`: bids, buys and what pushes up are blue, the others orange.
    `centred` keeps zero in the middle.
    """
    made = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .span(width)
        .height(CHART_HEIGHT)
        .unit(unit)
        .thresholds(thresholds(marks or PLAIN))
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .line_width(1)
        .fill_opacity(25 if stacked else 0)
        .show_points(VisibilityMode.NEVER)
        .span_nulls(False)
        .legend(
            options.VizLegendOptions()
            .show_legend(True)
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .calcs([])
        )
        .tooltip(options.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    for place, query in enumerate(queries):
        made.with_target(target(query, place, instant=False))
    if low is not None:
        made.min(low)
    if high is not None:
        made.max(high)
    if marks:
        made.thresholds_style(options.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    if centred:
        made.axis_centered_zero(True)
    if stacked:
        made.stacking(options.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if sided:
        for pattern, colour in ((ANY_BID, BID), (ANY_ASK, ASK)):
            made.override_by_regexp(pattern, [DynamicConfigValue("color", _shades(colour))])
    return made


def _shades(colour: str) -> dict[str, str]:
    return {"mode": "shades", "fixedColor": colour}


# The usual ones. Their names say what is on the axis, and so what the number is.
count_stat = partial(stat, decimals=0)
share_stat = partial(stat, unit=SHARE, decimals=0)
signed_stat = partial(stat, decimals=2, steps=SIGNED)  # -1 to +1
time_lines = partial(lines, unit=SECONDS, low=0)
rate_lines = partial(lines, unit=EACH_SECOND, low=0)
unit_lines = partial(lines, low=0, high=1)
share_lines = partial(lines, unit=SHARE, low=0, high=1)
whole_lines = partial(lines, unit=SHARE, low=0, high=FULL)  # a share that is usually all
signed_lines = partial(lines, low=-1, high=1)
net_lines = partial(lines, unit=AMOUNT, centred=True)  # what is above zero against what is below


def side_by_side(*panels: Kind) -> tuple[Kind, ...]:
    """The panels in one row, as wide as the dashboard and all the same."""
    return tuple(panel.span(24 // len(panels)) for panel in panels)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: one number a book."""

    title: str
    expr: str
    unit: str = NUMBER
    decimals: int | None = None
    steps: Steps = ()
    meaning: Mapping[int, tuple[str, str]] | None = None


def table(title: str, description: str, by: Sequence[str], *columns: Column) -> table_builder.Panel:
    """One row for each combination of the labels `by`, as of the end of the time range."""
    made = (
        table_builder.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .span(24)
        .height(12)
        .unit(NUMBER)
        .no_value(NOTHING)
        .thresholds(thresholds(PLAIN))
        .filterable(True)
        .with_transformation(DataTransformerConfig(id_val="merge", options={}))
    )
    names = {f"Value #{chr(ord('A') + place)}": one.title for place, one in enumerate(columns)}
    order = {name: place for place, name in enumerate((*by, *names))}
    organised = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}
    made.with_transformation(DataTransformerConfig(id_val="organize", options=organised))
    for place, one in enumerate(columns):
        summed = f"max by ({', '.join(by)}) ({one.expr})"
        made.with_target(target(Query(summed), place, instant=True, table=True))
        made.override_by_name(one.title, _properties(one))
    return made


def _properties(one: Column) -> list[DynamicConfigValue]:
    found = [DynamicConfigValue("unit", one.unit)]
    if one.decimals is not None:
        found.append(DynamicConfigValue("decimals", one.decimals))
    if one.steps:
        found.append(DynamicConfigValue("thresholds", thresholds(one.steps).build()))
    if one.meaning:
        found.append(DynamicConfigValue("mappings", [words(one.meaning)]))
    if one.steps or one.meaning:
        found.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    return found
