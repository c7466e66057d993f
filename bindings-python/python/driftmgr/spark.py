"""A job of :mod:`driftmgr.fleet` over a Spark cluster.

    import driftmgr.spark
    from driftmgr import fleet

    results = driftmgr.spark.run(spark, fleet.Health(), fleet.listing("/srv/states"))     # a DataFrame
    results.write.parquet("/srv/health")

The driver sends names and gets nothing back: workers read the states, and write what the frame is written to. Each executor needs driftmgr and
pyarrow, and has to see the inputs.
"""

# An engine is installed where it is used.
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .fleet import BATCH_SIZE, Inputs, Job
from .fleet._inputs import column_names, table

try:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StringType
except ImportError as missing:
    raise ImportError("driftmgr.spark needs Spark: pip install driftmgr[spark]", name="pyspark") from missing

if TYPE_CHECKING:
    import pyarrow

__all__ = ["run"]


def run(
    spark: SparkSession,
    job: Job,
    inputs: Inputs | DataFrame,
    *,
    columns: str | Iterable[str] | None = None,
    batch_size: int = BATCH_SIZE,
) -> DataFrame:
    """The results as a frame, which is computed when it is written or asked.

    ``inputs`` are what :func:`driftmgr.fleet.run` takes, or a frame, whose partitions are kept; ``columns`` names the input columns of a table or
    frame. A listing makes a partition of each ``batch_size`` inputs, which is the unit that Spark does again when a worker dies.
    """
    if isinstance(inputs, DataFrame):
        listed = _selected(job, inputs, column_names(job, columns))
    else:
        listed = _listed(spark, table(job, inputs, columns), batch_size)
    return listed.mapInArrow(_mapped(job, batch_size), from_arrow_schema(job.schema))


def _listed(spark: SparkSession, given: pyarrow.Table, batch_size: int) -> DataFrame:
    partitions = max(1, -(-given.num_rows // batch_size))
    return spark.createDataFrame(given).repartition(partitions)


def _selected(job: Job, given: DataFrame, names: Sequence[str]) -> DataFrame:
    for name in names:
        if name not in given.columns:
            raise ValueError(f"the frame has no column {name!r}, but {', '.join(given.columns)}: columns= names the one with the inputs")
        if not isinstance(given.schema[name].dataType, StringType):
            raise TypeError(f"column {name!r} must be text, not {given.schema[name].dataType.simpleString()}")
    return given.select(*(given[name].alias(wanted) for name, wanted in zip(names, job.columns, strict=True)))


def _mapped(job: Job, batch_size: int) -> Callable[[Iterator[pyarrow.RecordBatch]], Iterator[pyarrow.RecordBatch]]:
    def mapped(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, batch_size):
                yield job(batch.slice(start, batch_size))

    return mapped
