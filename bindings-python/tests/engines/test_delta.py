"""Results in a Delta table: written as a stream, read back as they were."""

# An engine is installed where it is used.
# pyright: reportMissingImports=false

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet
import pytest
from fleets import Fleet, by_input

from driftmgr import fleet

deltalake = pytest.importorskip("deltalake")


def test_a_delta_table_keeps_every_row_of_every_run(many: Fleet, tmp_path: Path) -> None:
    for job, inputs in many.asked():
        place = os.fspath(tmp_path / type(job).__name__)
        for mode in ("error", "append"):
            deltalake.write_deltalake(place, fleet.stream(job, inputs, batch_size=5), mode=mode)
        table = deltalake.DeltaTable(place).to_pyarrow_table()
        assert table.schema.equals(job.schema)
        assert by_input(table.to_pylist()) == by_input(fleet.run(job, inputs).to_pylist() * 2)


def test_parquet_becomes_a_delta_table_where_it_lies(many: Fleet, tmp_path: Path) -> None:
    for job, inputs in many.asked():
        place = tmp_path / type(job).__name__
        place.mkdir()
        table = fleet.run(job, inputs)
        pyarrow.parquet.write_table(table, place / "0.parquet")
        deltalake.convert_to_deltalake(os.fspath(place))
        assert by_input(deltalake.DeltaTable(os.fspath(place)).to_pyarrow_table().to_pylist()) == by_input(table.to_pylist())
