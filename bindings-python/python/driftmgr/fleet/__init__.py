"""Many states at once: one job, the same on a thread pool, on Ray and on Spark.

    from driftmgr import fleet

    table = fleet.run(fleet.Health(), fleet.listing("/srv/states"))     # a pyarrow.Table

A job (:class:`Parse`, :class:`Health`, :class:`Compare`, :class:`Drift`) maps a batch of inputs to a batch of results, in Arrow, with a schema that
never changes with the data: **one row for each input**. An input that cannot be read is a row too, whose ``error`` says why; nothing of it reads as
clean. :mod:`driftmgr.ray` and :mod:`driftmgr.spark` run the same jobs over a cluster.

Nothing here needs an engine. pyarrow is needed: ``pip install driftmgr[fleet]``.
"""

from __future__ import annotations

from ._drift import Drift
from ._inputs import BATCH_SIZE, Inputs, listing
from ._job import Job
from ._local import run, stream
from ._stored import Compare, Health, Parse

__all__ = ["BATCH_SIZE", "Compare", "Drift", "Health", "Inputs", "Job", "Parse", "listing", "run", "stream"]
