"""A job on the threads of this process, for fleets that need no cluster."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from ._arrow import arrow
from ._inputs import BATCH_SIZE, Inputs, table
from ._job import Job

if TYPE_CHECKING:
    import pyarrow


def run(
    job: Job,
    inputs: Inputs,
    *,
    columns: str | Iterable[str] | None = None,
    batch_size: int = BATCH_SIZE,
    threads: int | None = None,
) -> pyarrow.Table:
    """The whole result, in the order of the inputs.

    ``columns`` names the input columns of a table that is given; ``threads`` is how many batches are worked on at a time, one for each processor
    unless given.
    """
    return stream(job, inputs, columns=columns, batch_size=batch_size, threads=threads).read_all()


def stream(
    job: Job,
    inputs: Inputs,
    *,
    columns: str | Iterable[str] | None = None,
    batch_size: int = BATCH_SIZE,
    threads: int | None = None,
) -> pyarrow.RecordBatchReader:
    """:func:`run`, batch by batch, for results that are larger than memory. No more is begun than is read."""
    given = table(job, inputs, columns).to_batches(max_chunksize=batch_size)
    made = _in_order(job, given, threads or os.cpu_count() or 1)
    return arrow().RecordBatchReader.from_batches(job.schema, made)


def _in_order(job: Job, batches: Iterable[pyarrow.RecordBatch], threads: int) -> Iterator[pyarrow.RecordBatch]:
    try:
        with ThreadPoolExecutor(threads) as pool:
            begun: deque[Future[pyarrow.RecordBatch]] = deque()
            for batch in batches:
                begun.append(pool.submit(job, batch))
                if len(begun) > threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
    finally:
        job._end()
