"""Jobs on a local Ray cluster of two workers: the same as on one machine, whatever dies."""

# An engine is installed where it is used.
# pyright: reportMissingImports=false

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jobs
import pyarrow.parquet
import pytest
from fleets import Fleet, by_input

from driftmgr import fleet

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    # Ray asks for the address of the machine unless it believes that there is no cluster; then it keeps to the loopback interface.
    os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_enable_metrics_collection": "0"}
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.cloudpickle.register_pickle_by_value(jobs)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def written(dataset: Any, out: str) -> list[dict[str, Any]]:
    """What the workers wrote."""
    dataset.write_parquet(out)
    return by_input(pyarrow.parquet.read_table(out).to_pylist())


def test_every_job_gives_what_one_machine_gives(many: Fleet, tmp_path: Path) -> None:
    import driftmgr.ray

    for job, inputs in many.asked():
        out = os.fspath(tmp_path / type(job).__name__)
        assert written(driftmgr.ray.run(job, inputs, batch_size=9), out) == by_input(fleet.run(job, inputs).to_pylist())
        assert pyarrow.parquet.read_schema(next(Path(out).iterdir())).equals(job.schema)


def test_a_killed_worker_costs_no_row_and_the_driver_reads_nothing(many: Fleet, tmp_path: Path, out: str) -> None:
    import driftmgr.ray

    job = jobs.Witnessed(folder=os.fspath(tmp_path), deadly=many.good[7])
    rows = written(driftmgr.ray.run(job, many.inputs, batch_size=4), out)
    assert (tmp_path / "killed").exists()
    assert rows == by_input(fleet.run(fleet.Health(), many.inputs).to_pylist())
    assert len(jobs.workers(tmp_path)) >= 2
    assert os.getpid() not in jobs.workers(tmp_path)


def test_a_dataset_with_a_column_is_a_listing_and_what_is_denied_is_a_row(many: Fleet, out: str) -> None:
    import ray

    import driftmgr.ray

    denied = Path(many.good[0])
    for folder in [*denied.parents][:4]:
        folder.chmod(0o755)
    denied.chmod(0)
    try:
        listed = ray.data.from_items([{"team": number, "path": path} for number, path in enumerate(many.good[:4])])
        rows = written(driftmgr.ray.run(jobs.Unprivileged(), listed, columns="path", batch_size=2), out)
    finally:
        denied.chmod(0o644)
    assert [row["error"] and row["error"]["kind"] for row in rows] == ["permission_denied", None, None, None]
    assert rows[1:] == by_input(fleet.run(fleet.Health(), many.good[1:4]).to_pylist())


def test_an_empty_listing_is_an_empty_dataset() -> None:
    import driftmgr.ray

    assert driftmgr.ray.run(fleet.Health(), []).count() == 0
