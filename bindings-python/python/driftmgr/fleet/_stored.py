"""Jobs that need nothing but the states."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from ..state import State
from ._inputs import read
from ._job import Cells, EachJob, Row, pairs


def _known(state: State) -> Row:
    return {
        "bytes": state.bytes,
        "format_version": state.format_version,
        "terraform_version": state.terraform_version,
        "serial": state.serial,
        "lineage": state.lineage,
    }


@dataclass(frozen=True, kw_only=True)
class Parse(EachJob):
    """Reads states: what each is, and every object in it, without any value."""

    _name: ClassVar[str] = "parse"

    def _found(self, cells: Cells) -> Row:
        state = read(cells[0])
        inspected = state._native.inspect()
        objects = [{**each, "key": _text(each["key"])} for each in inspected["objects"]]
        return {**_known(state), "outputs": inspected["outputs"], "objects": objects}


@dataclass(frozen=True, kw_only=True)
class Health(EachJob):
    """Scores how well states are kept, with the reasons, and counts what is in them.

    The age of a state is that of its file; one that was read from a URL has none.
    """

    _name: ClassVar[str] = "health"

    def _found(self, cells: Cells) -> Row:
        state = read(cells[0])
        known = state._native.analyze()
        health, facts = known["health"], known["analysis"]
        counts = {name: pairs(facts[name]) for name in ("by_type", "by_provider", "by_module")}
        deposed = [{"address": address, "key": key} for address, key in facts["deposed"]]
        return {**_known(state), **facts, **health, **counts, "deposed": deposed}


@dataclass(frozen=True, kw_only=True)
class Compare(EachJob):
    """Compares pairs of states: what changed from ``before`` to ``after``. Secrets are masked.

    ``same`` is true when nothing changed, and empty when nothing did but something could not be compared.
    """

    columns: ClassVar[tuple[str, ...]] = ("before", "after")
    _name: ClassVar[str] = "compare"

    def _found(self, cells: Cells) -> Row:
        before, after = map(read, cells)
        found, problems = before._native.compare(after._native)
        outputs = found["outputs"]
        differs = any(found[name] for name in ("added", "removed", "moved", "changed")) or any(outputs.values())
        return {
            "before_serial": before.serial,
            "after_serial": after.serial,
            "before_lineage": before.lineage,
            "after_lineage": after.lineage,
            "same": False if differs else None if problems else True,
            "added": found["added"],
            "removed": found["removed"],
            "moved": found["moved"],
            "changed": [{**each, "changes": [_as_text(change) for change in each["changes"]]} for each in found["changed"]],
            "outputs_added": outputs["added"],
            "outputs_removed": outputs["removed"],
            "outputs_changed": [_as_text(each) for each in outputs["changed"]],
            "problems": [problem(each) for each in problems],
        }


def problem(given: dict[str, Any]) -> Row:
    """A problem as a cell."""
    return {"kind": given["kind"], "message": given["message"], "context": pairs(given["place"]), "hints": given["hints"]}


def _text(key: int | str | None) -> str | None:
    return None if key is None else str(key)


def _as_text(change: dict[str, Any]) -> Row:
    """A change whose values are JSON; what was not there is empty."""
    return {**change, "before": written(change["before"]), "after": written(change["after"])}


def written(value: Any) -> str | None:
    """A value of an attribute as JSON."""
    return None if value is None else json.dumps(value, ensure_ascii=False)
