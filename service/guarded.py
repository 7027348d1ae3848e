"""What stands between a user's own metric and the engine: an error switches the metric off for that book, no more."""

from __future__ import annotations

from typing import Any

import cython
import structlog
from cython.cimports.service.metrics.declare import Metric

from .metrics.declare import Metric

log = structlog.get_logger()
_NAN = cython.declare(cython.double, float("nan"))


@cython.cclass
class Guarded(Metric):
    """Runs a metric of `own_kind`; `fault` is what switched it off, "" while it runs.

    Subclasses are made by own_metrics.py, with those methods alone that the user's class has.
    """

    own_kind = object  # the user's class
    own: object
    fault = cython.declare(str, visibility="readonly")
    count: cython.int

    def prepare(self) -> None:
        self.fault = ""
        self.count = len(self.declaration.outputs(self.params))
        kind: object = self.own_kind
        self.own = kind(self.context, self.params, self.count)
        self.run("prepare")

    def run(self, name: str, *given: Any) -> int:
        """Call a method of the user's and take over the values it left."""
        k: cython.int
        if self.fault:
            return 0
        try:
            getattr(self.own, name)(*given)
            values: list = [float(value) for value in self.own.values]
        except Exception as failure:  # noqa: BLE001  # whatever a user's code raises is its own affair
            self._fail(f"{type(failure).__name__}: {failure}")
            return 0
        if len(values) != self.count:
            self._fail(f"values has {len(values)} numbers, the declaration {self.count} outputs")
            return 0
        for k in range(self.count):
            value: cython.double = values[k]
            self.row[self.at + k] = value if -1e308 < value < 1e308 else _NAN
        return 0

    def _fail(self, why: str) -> None:
        k: cython.int
        self.fault = why
        log.error("own metric switched off", metric=self.declaration.key, reason=self.fault)
        for k in range(self.count):
            self.row[self.at + k] = _NAN
