from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

import pytest

import driftmgr
from driftmgr import results
from driftmgr._record import FrozenDict, Record

RECORDS = sorted(
    (each for each in vars(results).values() if isinstance(each, type) and issubclass(each, Record) and each is not Record),
    key=lambda each: each.__name__,
)


def every_finding(report: driftmgr.DriftReport) -> list[results.Finding]:
    return list(report.findings)


def test_a_record_gives_the_json_it_was_made_of(report: driftmgr.DriftReport) -> None:
    whole = report.to_dict()
    assert [finding.to_dict() for finding in report.findings] == whole["resource_drift"]
    for name in ("summary", "score"):
        assert getattr(report, name).to_dict() == whole[name]
    for name in ("targets", "groups", "not_looked_at", "providers", "rules", "problems"):
        assert [each.to_dict() for each in getattr(report, name)] == whole[name]
    assert json.loads(report.to_json()) == whole


def test_results_are_equal_by_value_and_can_be_hashed(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    again = stack.detect_drift(plugins=False)
    assert again == report
    assert again is not report
    assert hash(again) == hash(report)
    assert set(every_finding(again)) == set(every_finding(report))
    assert report != stack.detect_drift(plugins=False, exclude=["module.site"])
    assert report != 1


def test_results_survive_pickling_and_copying(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    snapshot, _ = stack.snapshot(plugins=False)
    values: list[Any] = [
        report,
        snapshot,
        report.findings[0],
        report.summary,
        stack.check(plugins=False),
        stack.state.inspect(),
        stack.state.health(),
        stack.configuration(),
        stack.explain("local_file.robots", plugins=False),
    ]
    for value in values:
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value
        assert hash(pickle.loads(pickle.dumps(value))) == hash(value)


def test_results_cannot_be_changed(report: driftmgr.DriftReport) -> None:
    finding = report.findings[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.address = "other"  # type: ignore[misc]
    with pytest.raises(TypeError, match="cannot be changed"):
        finding.change.before["content"] = "other"
    with pytest.raises(TypeError):
        del finding.change.before["content"]
    with pytest.raises(TypeError):
        finding.change.before.__ior__({"a": 1})
    assert not isinstance(finding.reasons, list)


def test_a_table_for_notebooks_shows_no_markup_of_values(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    for value in (report, report.findings, report.summary, stack.state, stack.state.inspect(), stack.explain("local_file.robots", plugins=False)):
        assert value._repr_html_().startswith("<"), value
    row = results.Hidden(rule="<script>", reason="a & b")
    assert "<script>" not in row._repr_html_()
    assert "&lt;script&gt;" in row._repr_html_()


def test_representations_are_short_and_true(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    assert repr(report).startswith("DriftReport(checked=")
    assert repr(stack) == "Stack('.', workspace='default')"
    assert "serial=" in repr(stack.state)
    assert repr(report.summary).startswith("Summary(checked=")


def test_a_raw_state_is_never_shown() -> None:
    state = results.RawState(bytes=b"hunter2", etag="e")
    assert "hunter2" not in repr(state)


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_every_record_has_readable_fields_and_documentation(cls: type[Record]) -> None:
    assert cls.__doc__
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        assert field.name in hints
        # Only what may be missing may be left out.
        if field.default is not dataclasses.MISSING:
            assert field.default is None
            assert type(None) in get_args(hints[field.name]) or hints[field.name] is Any


def test_what_is_no_such_result_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no Summary: 'checked'"):
        results.Summary.from_dict({})
    with pytest.raises(ValueError, match="no Finding"):
        results.Finding.from_dict({"drift": 1})


def test_unknown_keys_of_a_newer_version_are_left_out(report: driftmgr.DriftReport) -> None:
    data = report.summary.to_dict() | {"new": 1}
    assert results.Summary.from_dict(data) == report.summary


def test_times_are_written_as_they_were_read() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)
    change = results.OutcomeChange(at=at, outcome=None)
    assert change.to_dict() == {"at": "2026-01-02T03:04:05.6Z", "outcome": None}
    assert results.OutcomeChange.from_dict(change.to_dict()) == change


def test_a_time_loses_nothing() -> None:
    written = {"at": "2026-01-02T03:04:05.123456789Z", "outcome": "same"}
    change = results.OutcomeChange.from_dict(written)
    assert change.at == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert change.to_dict() == written
    again = pickle.loads(pickle.dumps(change))
    assert (again, hash(again), again.to_dict()) == (change, hash(change), written)
    later = copy.copy(change.at) + timedelta(days=1)
    assert results.OutcomeChange(at=later, outcome=None).to_dict()["at"] == "2026-01-03T03:04:05.123456Z"
    assert pickle.loads(pickle.dumps(later)) == later


def test_a_frozen_dictionary_is_a_dictionary() -> None:
    frozen = FrozenDict({"a": (1, 2)})
    assert frozen == {"a": (1, 2)}
    assert hash(frozen) == hash(FrozenDict({"a": (1, 2)}))
    assert json.dumps(frozen) == '{"a": [1, 2]}'
    changes: tuple[Callable[[], object], ...] = (
        lambda: frozen.update(b=(1, 2)),
        frozen.clear,
        lambda: frozen.setdefault("b", (1, 2)),
        lambda: frozen.pop("a"),
        frozen.popitem,
    )
    for change in changes:
        with pytest.raises(TypeError):
            change()


def test_numbers_are_exact_where_python_has_them(tmp_path: Any) -> None:
    state = driftmgr.State.parse(
        '{"version": 4, "serial": 1, "lineage": "l", "resources": [], "outputs": {'
        '"large": {"value": 123456789012345678901234567890, "type": "number"}, "part": {"value": 0.5, "type": "number"},'
        '"least": {"value": -9223372036854775808, "type": "number"}}}'
    )
    values = {name: output.value for name, output in state.outputs().items()}
    assert values == {"large": 123456789012345678901234567890, "part": 0.5, "least": -(2**63)}
    assert [type(values[name]) for name in ("large", "part", "least")] == [int, float, int]
