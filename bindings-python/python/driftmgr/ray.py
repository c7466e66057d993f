"""A job of :mod:`driftmgr.fleet` over a Ray cluster.

    import driftmgr.ray
    from driftmgr import fleet

    results = driftmgr.ray.run(fleet.Health(), fleet.listing("/srv/states"))     # a ray.data.Dataset
    results.write_parquet("/srv/health")

The driver sends names and gets nothing back: workers read the states, and write what the dataset is written to. A batch whose worker died is done
again by another one. Each machine of the cluster needs driftmgr, and has to see the inputs.
"""

# An engine is installed where it is used.
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .fleet import BATCH_SIZE, Inputs, Job
from .fleet._inputs import column_names, select, table

try:
    import ray.data
except ImportError as missing:
    raise ImportError("driftmgr.ray needs Ray: pip install driftmgr[ray]", name="ray") from missing

if TYPE_CHECKING:
    import pyarrow

__all__ = ["run"]


def run(
    job: Job,
    inputs: Inputs | ray.data.Dataset,
    *,
    columns: str | Iterable[str] | None = None,
    batch_size: int = BATCH_SIZE,
    concurrency: int | None = None,
    **task: Any,
) -> ray.data.Dataset:
    """The results as a dataset, which is computed when it is written or read. Its rows are in no order; the input columns name them.

    ``inputs`` are what :func:`driftmgr.fleet.run` takes, or a dataset; ``columns`` names the input columns of a table or dataset. ``concurrency``
    limits the batches that are worked on at a time in the whole cluster, and so the provider processes; ``task`` is what a Ray task is given, such as
    ``num_cpus`` or ``memory``.
    """
    if isinstance(inputs, ray.data.Dataset):
        given: Any = inputs
        names = column_names(job, columns)
        return given.map_batches(
            _of_dataset,
            fn_args=(job, names),
            batch_format="pyarrow",
            batch_size=batch_size,
            concurrency=concurrency,
            **task,
        )
    blocks = table(job, inputs, columns).to_batches(max_chunksize=batch_size)
    listed = ray.data.from_arrow([_table(block) for block in blocks] or [table(job, [], None)])
    # A block is a batch.
    return listed.map_batches(_of_dataset, fn_args=(job, None), batch_format="pyarrow", batch_size=None, concurrency=concurrency, **task)


def _of_dataset(batch: pyarrow.Table, job: Job, columns: Iterable[str] | None) -> pyarrow.Table:
    return _table(job(batch if columns is None else select(job, batch, columns)))


def _table(batch: pyarrow.RecordBatch) -> pyarrow.Table:
    import pyarrow

    return pyarrow.Table.from_batches([batch])
