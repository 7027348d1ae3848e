"""A dashboard of its panels: variables, links to the others, alerts as annotations, rows, and the JSON of it all."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from .colours import BAD
from .panels import SOURCE, Kind
from .queries import FIRING, FIRING_ANYWHERE, TOGETHER

FOLDER = Path(__file__).parents[1] / "dashboards"
TAG = "steelyard"
CHOSEN = ['job=~"$job"', 'instance=~"$instance"', 'venue=~"$venue"', 'market=~"$market"', 'symbol=~"$symbol"']
# Variable -> its label, and the series that it is read from. Those before it narrow it down.
BOOKS = f'obi_book_state{{venue!="{TOGETHER}",'
VARIABLES = {
    "job": ("Job", "obi_build_info{"),
    "instance": ("Instance", "obi_build_info{"),
    "venue": ("Venue", BOOKS),
    "market": ("Market", BOOKS),
    "symbol": ("Symbol", BOOKS),
}


@dataclass(frozen=True)
class Detail:
    """A row that is closed until somebody wants to know more."""

    title: str
    panels: Sequence[Kind]


@dataclass(frozen=True)
class Board:
    """What one file of `boards/` declares. `symbol`: the one that is chosen at first, else all.

    `unused`: variables that no panel asks for. They are there all the same, unseen, so that links hand the choice on.
    """

    uid: str
    title: str
    description: str
    now: Sequence[Kind]
    details: Sequence[Detail]
    symbol: str = ""
    unused: Sequence[str] = ()

    def builder(self) -> Dashboard:
        """The whole dashboard. Panels are numbered in their order."""
        made = (
            Dashboard(self.title)
            .uid(self.uid)
            .description(self.description)
            .tags([TAG])
            .readonly()
            .timezone("utc")
            .time("now-30m", "now")
            .refresh("10s")
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .link(_links())
            .annotation(_alerts(FIRING_ANYWHERE if self.unused else FIRING))
            .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
        )
        for name in VARIABLES:
            made.with_variable(self._variable(name))
        made.with_row(Row("Now").id(1).collapsed(False))
        count = 2
        for panel in self.now:
            made.with_panel(panel.id(count))
            count += 1
        for detail in self.details:
            row = Row(detail.title).id(count).collapsed(True)
            count += 1
            for panel in detail.panels:
                row.with_panel(panel.id(count))
                count += 1
            made.with_row(row)
        return made

    def _variable(self, name: str) -> QueryVariable:
        label, series = VARIABLES[name]
        before = CHOSEN[: list(VARIABLES).index(name)]
        query = f"label_values({series}{','.join(before)}}}, {name})".replace("{}", "")
        made = (
            QueryVariable(name)
            .label(label)
            .datasource(SOURCE)
            .query({"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"})
            .definition(query)
            .multi(True)
            .include_all(True)
            .all_value(".+")
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(VariableSort.ALPHABETICAL_ASC)
        )
        if name == "symbol" and self.symbol:
            made.current(VariableOption(selected=True, text=[self.symbol], value=[self.symbol]))
        else:
            made.current(VariableOption(selected=True, text=["All"], value=["$__all"]))
        if name in self.unused:
            made.hide(VariableHide.HIDE_VARIABLE)
        return made

    def text(self) -> str:
        """The file."""
        made = self.builder().build()
        for one in (*(made.links or ()), *(made.annotations.list_val or ())):
            one.placement = None  # the builders' default puts them out of sight, into a menu
        return json.dumps(made, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"

    @property
    def file(self) -> Path:
        """Where it is committed."""
        return FOLDER / f"{self.uid}.json"


def _links() -> DashboardLink:
    link = DashboardLink("Steelyard").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(False).include_vars(True).keep_time(True).target_blank(False)


def _alerts(firing: str) -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name("Alerts")
        .datasource(SOURCE)
        .enable(True)
        .icon_color(BAD)
        .expr(firing)
        .step("10s")
        .title_format("{{alertname}}")
        .text_format("{{venue}} {{symbol}}")
        .tag_keys("severity,venue,symbol")
        .use_value_for_time(False)
    )


def boards() -> list[Board]:
    """One a file in `boards/`, found by being there."""
    package = import_module(".boards", __package__)
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    return [import_module(f".boards.{name}", __package__).BOARD for name in names]


def write() -> None:
    """All files anew; a file whose dashboard is gone goes, too."""
    FOLDER.mkdir(exist_ok=True)
    made = boards()
    for path in set(FOLDER.glob("*.json")) - {board.file for board in made}:
        path.unlink()
    for board in made:
        board.file.write_text(board.text(), encoding="utf-8")
