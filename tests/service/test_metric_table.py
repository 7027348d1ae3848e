"""The page of metrics says what the metrics declare, today."""

from __future__ import annotations

from service.across import across
from service.metric_table import PAGE, declared, markdown
from service.metrics import metrics


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "make docs"


def test_each_metric_stands_in_it_once_with_formula_source_and_prometheus_names() -> None:
    text = markdown()
    for key in {*metrics(), *across()}:
        assert text.count(f"### `{key}`\n") == 1
    for declaration, outputs in declared():
        assert declaration.formula in text
        assert f"Source: {declaration.source}." in text
        assert f"sign: {declaration.sign}; runs" in text or not declaration.sign
        assert all(output.prometheus in text for output in outputs)
