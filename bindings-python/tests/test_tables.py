"""Tables through the Arrow PyCapsule interface, read by those who have it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import driftmgr

pyarrow = pytest.importorskip("pyarrow")


def test_findings_are_the_rows_of_csv(report: driftmgr.DriftReport) -> None:
    table = pyarrow.table(report)
    assert pyarrow.table(report.findings).equals(table)
    rows = list(csv.DictReader(io.StringIO(report.render("csv"))))
    assert table.column_names == list(rows[0])
    assert [row["address"] for row in table.to_pylist()] == [row["address"] for row in rows]
    assert table.schema.field("line").type == pyarrow.uint64()


def test_objects_and_states_are_tables(stack: driftmgr.Stack) -> None:
    objects = pyarrow.table(stack.state.objects)
    assert objects.num_rows == len(stack.state.objects) == 6
    assert objects.column("address").to_pylist() == [row.address for row in stack.state.objects]
    assert objects.column("bytes").to_pylist() == [row.bytes for row in stack.state.objects]
    assert objects.schema.field("has_secrets").type == pyarrow.bool_()
    states = driftmgr.states_table([stack.state, stack.state])
    table = pyarrow.table(states)
    assert table.to_pylist() == [row.to_dict() for row in states]
    assert states[0].instances == 6


def test_an_empty_table_has_its_columns(stack: driftmgr.Stack) -> None:
    empty = stack.detect_drift(plugins=False, targets=["local_file.robots"])
    assert pyarrow.table(empty).num_rows == 0
    assert "address" in pyarrow.table(empty).column_names
    assert pyarrow.table(driftmgr.states_table([])).num_rows == 0


def test_a_table_outlives_what_it_is_made_of(quickstart: Path) -> None:
    table = pyarrow.table(driftmgr.open(".").state.objects)
    import gc

    gc.collect()
    assert table.column("type").to_pylist().count("local_file") == 4


def test_polars_reads_them(report: driftmgr.DriftReport, stack: driftmgr.Stack) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(report.findings)
    assert frame.equals(report.findings.to_polars())
    assert frame["kind"].to_list() == ["missing", "missing"]
    assert polars.DataFrame(stack.state.objects).height == 6


def test_duckdb_reads_them(report: driftmgr.DriftReport) -> None:
    duckdb = pytest.importorskip("duckdb")
    rows = report.findings
    assert len(rows) == 2
    assert duckdb.sql("select kind, count(*) from rows group by kind").fetchall() == [("missing", 2)]


def test_pandas_reads_them(report: driftmgr.DriftReport) -> None:
    pytest.importorskip("pandas")
    assert list(report.findings.to_pandas()["kind"]) == ["missing", "missing"]
