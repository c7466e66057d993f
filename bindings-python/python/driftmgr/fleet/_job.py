"""What all jobs have in common: a row for each input, whatever becomes of it."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from ..exceptions import DriftmgrError, UnsupportedError, _kind_of
from ._arrow import arrow, schema
from ._inputs import shown

if TYPE_CHECKING:
    import pyarrow

T = TypeVar("T")

Row: TypeAlias = dict[str, Any]
Cells: TypeAlias = tuple[str | None, ...]
"""The input columns of one row."""

_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Job(ABC):
    """Maps a batch of inputs to a batch of results. It can be pickled, and called in any process and thread.

    What may succeed later (a throttled or unreachable server) is tried again; everything else that goes wrong with an input is its ``error``.
    """

    retries: int = 2
    """How often an input is tried again when its error may pass."""
    pause: float = 0.5
    """Seconds before the first try again; each further one waits twice as long."""
    threads: int = 1
    """Inputs of one batch that are worked on at a time. More than one pays where inputs are URLs."""

    columns: ClassVar[tuple[str, ...]] = ("input",)
    """The columns of a batch of inputs, all of them text."""
    _name: ClassVar[str]

    def __post_init__(self) -> None:
        for name, least in (("retries", 0), ("threads", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} must be an int, not {type(value).__name__}")
            if value < least:
                raise ValueError(f"{name} must be at least {least}, not {value}")

    @property
    def schema(self) -> pyarrow.Schema:
        """The columns of every batch of results."""
        return schema(self._name)

    def __call__(self, batch: pyarrow.RecordBatch | pyarrow.Table) -> pyarrow.RecordBatch:
        """A row for each row of the batch, in the same order. Raises only for a batch that is not one of inputs."""
        inputs = list(zip(*(batch.column(name).to_pylist() for name in self.columns), strict=True))
        rows = self._rows(inputs)
        return arrow().RecordBatch.from_pylist(rows, schema=self.schema)

    @abstractmethod
    def _rows(self, inputs: Sequence[Cells]) -> Sequence[Row]:
        """The results of the inputs, in their order."""

    def _end(self) -> None:  # noqa: B027 (most jobs hold nothing)
        """There are no more batches in this process."""

    def _head(self, cells: Cells) -> Row:
        """The columns that say which input it is."""
        return {name: shown(cell) for name, cell in zip(self.columns, cells, strict=True)}

    def _each(self, work: Callable[[Cells], T], inputs: Sequence[Cells]) -> list[T]:
        if self.threads == 1 or len(inputs) < 2:
            return [work(cells) for cells in inputs]
        with ThreadPoolExecutor(min(self.threads, len(inputs))) as pool:
            return list(pool.map(work, inputs))

    def _tried(self, work: Callable[[], T]) -> tuple[T | BaseException, int]:
        """What the work gives or raises at last, and how often it was tried."""
        for attempt in range(1, self.retries + 2):
            try:
                return work(), attempt
            except DriftmgrError as raised:
                if not raised.retryable or attempt > self.retries:
                    return raised, attempt
            except Exception as raised:
                return raised, attempt
            # Not all at the same moment: many workers were refused together.
            time.sleep(self.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1))
        raise AssertionError("the last attempt returns")


@dataclass(frozen=True, kw_only=True)
class EachJob(Job):
    """A job that looks at one input after the other."""

    def _rows(self, inputs: Sequence[Cells]) -> Sequence[Row]:
        return self._each(self._row, inputs)

    def _row(self, cells: Cells) -> Row:
        found, attempts = self._tried(lambda: fitting(self._found(cells)))
        what = {"error": error_row(found)} if isinstance(found, BaseException) else found
        return {**self._head(cells), **what, "attempts": attempts}

    @abstractmethod
    def _found(self, cells: Cells) -> Row:
        """What is found for an input, or an exception."""


def error_row(raised: BaseException) -> Row:
    """An exception as a cell of the column ``error``."""
    if isinstance(raised, DriftmgrError):
        return {
            "kind": raised.kind,
            "message": raised.message,
            "operation": raised.operation,
            "context": list(raised.context.items()),
            "hints": list(raised.hints),
            "retryable": raised.retryable,
        }
    # The text of an exception that nobody foresaw can hold anything, so it is left out.
    message = f"{type(raised).__name__} was raised"
    return {"kind": _kind_of(raised), "message": message, "context": [], "hints": [], "retryable": False}


def fitting(row: Row) -> Row:
    """The row, if a table can hold its numbers."""
    for name, value in row.items():
        if isinstance(value, int) and value > _LARGEST:
            raise UnsupportedError(f"its {name} is a number that no table can hold", context={name: str(value)})
    return row


def pairs(counts: Mapping[str, T]) -> list[tuple[str, T]]:
    """A mapping as Arrow takes it."""
    return list(counts.items())
