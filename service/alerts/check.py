"""What `steelyard check` says of alerts: rules that cannot run, cases that do not hold, senders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from connectors.errors import UsageError

from .awaited import for_cases
from .cases import faults
from .desk import outputs_of, rules_of, senders_of
from .rules import Rule

if TYPE_CHECKING:
    from ..settings import Settings


def tried(settings: Settings, folder: str = "") -> tuple[list[Rule], list[str]]:
    """The rules that run with these settings, and a note for each that cannot. `folder`: in place of the configured."""
    from ..app import engine_of

    alerts = settings.alerts
    if folder:
        alerts = alerts.model_copy(update={"folder": folder, "defaults": False, "disabled": []})
    loaded = rules_of(alerts, engine_of(settings)[0])
    notes = [f"{one.rule.alert} cannot run: {one.fault} ({one.path})" for one in loaded if one.fault]
    return [one.rule for one in loaded if not one.fault], notes


def told(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Lines for a person. UsageError where a rule's file or case, or a sender, is not as it should be."""
    from ..app import engine_of

    engine, _ = engine_of(settings)
    outputs = outputs_of(engine)
    loaded = rules_of(settings.alerts, engine)
    running = [one for one in loaded if not one.fault]
    senders = senders_of(settings.alerts, environ)
    names = (
        f" to {', '.join(sender.name for sender in senders)}" if senders else ", and no sender tells anybody"
    )
    yield f"alerts: {len(running)} rules{names}"
    for one in loaded:
        if one.fault:
            yield f"alerts: {one.rule.alert} cannot run: {one.fault} ({one.path})"
    for one in running:
        for fault in faults(one.rule, for_cases(one.rule, outputs)):
            raise UsageError(f"{one.path}: {fault}")
