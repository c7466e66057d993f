"""Sequences of records that are tables too."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from ._record import Record, _cell

if TYPE_CHECKING:
    import pandas
    import polars

R = TypeVar("R", bound=Record)

_SHOWN = 50


# No `Sequence`: polars would take the records one by one instead of the table.
class Rows(Generic[R]):
    """Records, made when they are looked at; ``list(rows)`` makes a list of them.

    It is a table too, through the Arrow PyCapsule interface: ``pyarrow.table(rows)``, ``polars.DataFrame(rows)``,
    ``duckdb.sql("select … from rows")``.
    """

    __slots__ = ("_count", "_get", "_known", "_stream")

    def __init__(self, count: int, get: Callable[[int], R], stream: Callable[[], object]) -> None:
        self._count = count
        self._get = get
        self._stream = stream
        self._known: dict[int, R] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...
    def __getitem__(self, index: int | slice) -> R | tuple[R, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(self._count)))
        place = index + self._count if index < 0 else index
        if not 0 <= place < self._count:
            raise IndexError(f"there are {self._count} of them: no {index}")
        if place not in self._known:
            self._known[place] = self._get(place)
        return self._known[place]

    def __iter__(self) -> Iterator[R]:
        return (self[place] for place in range(self._count))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows | list | tuple):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self[:3])!r}{', …' if self._count > 3 else ''})"

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table. A requested schema is a wish that may be ignored, and is."""
        return self._stream()

    def to_pandas(self) -> pandas.DataFrame:
        """The table for pandas, which has to be installed, as has pyarrow."""
        import pyarrow

        frame: pandas.DataFrame = pyarrow.table(self).to_pandas()
        return frame

    def to_polars(self) -> polars.DataFrame:
        """The table for polars, which has to be installed."""
        import polars

        return polars.DataFrame(self)

    def _repr_html_(self) -> str:
        rows = [row.to_dict() for row in self[:_SHOWN]]
        keys = list(dict.fromkeys(key for row in rows for key in row))
        head = "".join(f"<th>{html.escape(key)}</th>" for key in keys)
        body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(key, ''))}</td>" for key in keys) + "</tr>" for row in rows)
        more = f"<caption>{_SHOWN} of {self._count}</caption>" if self._count > _SHOWN else ""
        return f"<table>{more}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
