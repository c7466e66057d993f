"""Tables that are made of several results."""

from __future__ import annotations

from collections.abc import Iterable

from . import _table
from ._record import Record, record
from ._rows import Rows
from .state import State

__all__ = ["StateRow", "states_table"]


@record
class StateRow(Record):
    """One state, in numbers."""

    name: str
    bytes: int
    format_version: int
    terraform_version: str | None
    serial: int
    lineage: str
    resources: int
    data_sources: int
    instances: int
    outputs: int
    health_score: int
    health_band: str
    age: str | None


def _row(state: State) -> dict[str, object]:
    known = state._native.analyze()
    health, counts = known["health"], known["analysis"]
    return {
        "name": state.name,
        "bytes": state.bytes,
        "format_version": state.format_version,
        "terraform_version": state.terraform_version,
        "serial": state.serial,
        "lineage": state.lineage,
        "resources": counts["resources"],
        "data_sources": counts["data_sources"],
        "instances": counts["instances"],
        "outputs": counts["outputs"],
        "health_score": health["score"],
        "health_band": health["band"],
        "age": health["age"],
    }


def states_table(states: Iterable[State]) -> Rows[StateRow]:
    """A row for each state: what it is, how much is in it, how well it is kept."""
    rows = [_row(state) for state in states]
    return Rows(len(rows), lambda place: StateRow.from_dict(rows[place]), lambda: _table.stream(rows, _table.STATES))
