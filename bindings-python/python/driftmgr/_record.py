"""Results as frozen records: the one way in which JSON of the core becomes typed Python.

A field's annotation says how it is read. A field with the default ``None`` is left out of the JSON when there is nothing to say; all others are
always there. A trailing underscore keeps a field apart from a word of the language: ``class_`` is ``class``.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, NoReturn, Self, SupportsIndex, TypeAlias, TypeVar, Union, dataclass_transform, get_args, get_origin, get_type_hints

T = TypeVar("T")
_Read: TypeAlias = Callable[[Any], Any]
_FieldPlan: TypeAlias = tuple[str, str, bool, _Read]
"""The name of a field, its key in JSON, whether it is left out when there is nothing to say, and how it is read."""


class FrozenDict(dict[str, T]):
    """A dictionary that cannot be changed, and so can be hashed. It is equal to any other with the same entries."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a result cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse  # pyright: ignore[reportAssignmentType]
    clear = pop = popitem = setdefault = update = _refuse  # pyright: ignore[reportAssignmentType]

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


class Timestamp(datetime):
    """A time that knows how it was written: to the nanosecond, where ``datetime`` knows microseconds."""

    __slots__ = ("_text",)
    _text: str

    @classmethod
    def read(cls, text: str) -> Self:
        """A time in RFC 3339."""
        at = cls.fromisoformat(text)
        at._text = text
        return at

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        text = getattr(self, "_text", None)
        return super().__reduce_ex__(protocol) if text is None else (Timestamp.read, (text,))


def freeze(value: Any) -> Any:
    """JSON that cannot be changed: tuples and frozen dictionaries."""
    if isinstance(value, list):
        return tuple(map(freeze, value))
    if isinstance(value, dict):
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    return value


def thaw(value: Any) -> Any:
    """JSON as ``json.loads`` gives it."""
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, tuple):
        return [thaw(item) for item in value]
    if isinstance(value, dict):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return _written(value)
    return value


def _written(moment: datetime) -> str:
    known: str | None = getattr(moment, "_text", None)
    if known is not None:
        return known
    text = moment.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


def _optional(read: _Read) -> _Read:
    return lambda value: None if value is None else read(value)


def _sequence(read: _Read) -> _Read:
    return lambda value: tuple(map(read, value))


def _mapping(read: _Read) -> _Read:
    return lambda value: FrozenDict({key: read(item) for key, item in value.items()})


def _as_it_is(value: Any) -> Any:
    return value


def _reader(hint: Any) -> _Read:
    """How a value of the annotated type is read from JSON."""
    if hint is Any:
        return freeze
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType) and NoneType in inner:
        rest = [each for each in inner if each is not NoneType]
        return _optional(_reader(rest[0])) if len(rest) == 1 else _as_it_is
    if origin is tuple:
        # Either any number of one type, or as many as there are types.
        if inner[-1] is Ellipsis:
            return _sequence(_reader(inner[0]))
        return freeze
    if origin in (dict, Mapping, FrozenDict):
        return _mapping(_reader(inner[1]))
    if isinstance(hint, type):
        if issubclass(hint, Record):
            return hint.from_dict
        if issubclass(hint, datetime):
            return Timestamp.read
    return _as_it_is


# By class; a lock is not needed, since two threads that meet find the same.
_PLANS: dict[type[Record], tuple[_FieldPlan, ...]] = {}


def _plan(cls: type[Record]) -> tuple[_FieldPlan, ...]:
    known = _PLANS.get(cls)
    if known is not None:
        return known
    hints = get_type_hints(cls)
    made = _PLANS[cls] = tuple(
        (each.name, each.name.removesuffix("_"), each.default is not MISSING, _reader(hints[each.name]))
        for each in fields(cls)  # type: ignore[arg-type]
    )
    return made


class Record:
    """A result. It is equal to any other with the same content, can be hashed and pickled, and cannot be changed."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote. Keys that are not known are left out."""
        try:
            values = {
                name: read(data[key] if not optional else data.get(key))
                for name, key, optional, read in _plan(cls)
                if not optional or data.get(key) is not None
            }
        except (KeyError, TypeError, AttributeError) as wrong:
            raise ValueError(f"this is no {cls.__name__}: {wrong}") from wrong
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form that every language shares: what ``--format json`` prints."""
        written = {}
        for name, key, optional, _ in _plan(type(self)):
            value = getattr(self, name)
            if not (optional and value is None):
                written[key] = thaw(value)
        return written

    def to_json(self) -> str:
        """:meth:`to_dict` as a text."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th><td>{_cell(value)}</td></tr>" for key, value in self.to_dict().items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    short = text if len(text) <= 200 else text[:200] + "…"
    return html.escape(short)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(cls: type[T]) -> type[T]:
    """Makes a class a frozen record."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)
