"""Jobs on a local Spark whose Python workers are processes: the same as on one machine, whatever dies."""

# An engine is installed where it is used.
# pyright: reportMissingImports=false

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jobs
import pyarrow.parquet
import pytest
from fleets import Fleet, by_input

from driftmgr import fleet

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    from pyspark import cloudpickle
    from pyspark.sql import SparkSession

    cloudpickle.register_pickle_by_value(jobs)
    session = (
        # Two workers, and four attempts at a task, as clusters have them.
        SparkSession.builder.master("local[2,4]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        # The codec that needs no native library.
        .config("spark.sql.parquet.compression.codec", "gzip")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def written(frame: Any, out: str) -> list[dict[str, Any]]:
    """What the workers wrote."""
    frame.write.parquet(out)
    return by_input(pyarrow.parquet.read_table(out).to_pylist())


def test_every_job_gives_what_one_machine_gives(spark: Any, many: Fleet, tmp_path: Path) -> None:
    import driftmgr.spark

    for job, inputs in many.asked():
        out = os.fspath(tmp_path / type(job).__name__)
        assert written(driftmgr.spark.run(spark, job, inputs, batch_size=9), out) == by_input(fleet.run(job, inputs).to_pylist())


def test_a_killed_worker_costs_no_row_and_the_driver_reads_nothing(spark: Any, many: Fleet, tmp_path: Path, out: str) -> None:
    import driftmgr.spark

    job = jobs.Witnessed(folder=os.fspath(tmp_path), deadly=many.good[7])
    rows = written(driftmgr.spark.run(spark, job, many.inputs, batch_size=4), out)
    assert (tmp_path / "killed").exists()
    assert rows == by_input(fleet.run(fleet.Health(), many.inputs).to_pylist())
    assert len(jobs.workers(tmp_path)) >= 2
    assert os.getpid() not in jobs.workers(tmp_path)


def test_a_frame_with_a_column_is_a_listing_and_what_is_denied_is_a_row(spark: Any, many: Fleet, out: str) -> None:
    import driftmgr.spark

    denied = Path(many.good[0])
    for folder in [*denied.parents][:4]:
        folder.chmod(0o755)
    denied.chmod(0)
    try:
        listed = spark.createDataFrame([(number, path) for number, path in enumerate(many.good[:4])], "team int, path string")
        rows = written(driftmgr.spark.run(spark, jobs.Unprivileged(), listed, columns="path", batch_size=2), out)
    finally:
        denied.chmod(0o644)
    assert [row["error"] and row["error"]["kind"] for row in rows] == ["permission_denied", None, None, None]
    assert rows[1:] == by_input(fleet.run(fleet.Health(), many.good[1:4]).to_pylist())
    with pytest.raises(ValueError, match="no column 'input', but team, path"):
        driftmgr.spark.run(spark, fleet.Health(), listed)
    with pytest.raises(TypeError, match="'team' must be text, not int"):
        driftmgr.spark.run(spark, fleet.Health(), listed, columns="team")


def test_results_are_asked_in_sql_without_leaving_the_workers(spark: Any, many: Fleet) -> None:
    import driftmgr.spark

    driftmgr.spark.run(spark, fleet.Drift(options={"plugins": False}), many.inputs).createOrReplaceTempView("drift")
    (unread,) = spark.sql("select count(*) from drift where error.kind is not null").first()
    assert unread == len(many.bad)
    found = spark.sql("select finding.address, count(*) from drift lateral view explode(findings) as finding group by 1 order by 1").collect()
    rows = fleet.run(fleet.Drift(options={"plugins": False}), many.good).to_pylist()
    addresses = [finding["address"] for row in rows for finding in row["findings"]]
    assert [tuple(each) for each in found] == sorted((address, addresses.count(address)) for address in set(addresses))
