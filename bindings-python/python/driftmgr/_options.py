"""What callers choose, checked by name before it crosses into native code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol, TypeAlias, TypedDict, TypeVar

from .results import Event, Sensitivity, _event

T = TypeVar("T")

StrPath: TypeAlias = str | os.PathLike[str]
"""A path."""
Seconds: TypeAlias = float | timedelta
"""A time: a number of seconds, or a ``timedelta``."""
OnEvent: TypeAlias = Callable[[Event], object]
"""Told of every event, in the caller's thread. An exception of it ends the call."""


class CallOptions(TypedDict, total=False):
    """What every call that takes its time can be given."""

    timeout: Seconds | None
    """How long it may take; then ``TimedOutError``, or a report that says what was not reached."""
    on_event: OnEvent | None


class DriftOptions(CallOptions, total=False):
    """How drift is looked for. What is not given is as the client's settings have it."""

    targets: Iterable[str] | None
    """Only instances whose address is, or lies below, one of these: ``module.a``, ``aws_vpc.main["x"]``."""
    exclude: Iterable[str] | None
    """No instances whose address is, or lies below, one of these."""
    parallelism: int | None
    """Reads that one provider configuration serves at a time."""
    read_timeout: Seconds | None
    """How long one read may take."""
    plugins: bool | None
    """Whether provider plugins may be run: native code, with the credentials of this process."""
    sensitivity: Sensitivity | None
    """How much is shown."""
    provider_paths: Mapping[str, StrPath] | None
    """Binaries of providers by source address, instead of the installed ones."""
    driftignore: StrPath | None
    """A ``.driftignore`` file whose changes are not shown."""
    baseline: StrPath | None
    """A file of differences that are known, which are not shown; :meth:`driftmgr.DriftReport.baseline` makes one."""


class ChangeOptions(CallOptions, total=False):
    """How a stored state is changed."""

    dry_run: bool
    """Only say what would change."""
    lock_timeout: Seconds
    """How long somebody else's lock is waited for."""
    without_lock: bool
    """Do without a lock: only when nobody else writes the state."""
    force: bool
    """Write a state of another lineage, or an older one, over what is there; delete one that holds resources."""


class _Native(Protocol):
    """Checks one value and makes of it what native code takes."""

    def __call__(self, name: str, value: Any) -> Any: ...


def _wrong(name: str, wanted: str, value: Any) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a str", value)
    return value


def texts(name: str, value: Any) -> list[str]:
    # A text is iterable too, and never what was meant.
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise _wrong(name, "an iterable of str", value)
    return [text(name, each) for each in value]


def count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "an int", value)
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
    return value


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "a bool", value)
    return value


def seconds(name: str, value: Any) -> float:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number of seconds or a timedelta", value)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a number of seconds from 0 on, not {value}")
    return float(value)


def path(name: str, value: Any) -> str:
    if not isinstance(value, str | os.PathLike):
        raise _wrong(name, "a path", value)
    plain = os.fspath(value)
    if not isinstance(plain, str):
        raise _wrong(name, "a path of text", value)
    return plain


def paths(name: str, value: Any) -> list[str]:
    if isinstance(value, str | os.PathLike) or not isinstance(value, Iterable):
        raise _wrong(name, "an iterable of paths", value)
    return [path(name, each) for each in value]


def _paths_by_name(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _wrong(name, "a mapping of paths", value)
    return {text(name, key): path(name, each) for key, each in value.items()}


def callback(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    if not callable(value):
        raise _wrong(name, "callable", value)

    def told(data: dict[str, Any]) -> None:
        event = _event(data)
        if event is not None:
            value(event)

    return told


_DRIFT: Mapping[str, _Native] = {
    "targets": texts,
    "exclude": texts,
    "parallelism": count,
    "read_timeout": seconds,
    "plugins": flag,
    "sensitivity": text,
    "provider_paths": _paths_by_name,
    "driftignore": path,
    "baseline": path,
}

NativeTerms: TypeAlias = tuple[float | None, Callable[[dict[str, Any]], None] | None]
NativeDrift: TypeAlias = dict[str, Any]


def optional(check: Callable[[str, Any], T], name: str, value: Any) -> T | None:
    """The value when there is one."""
    return None if value is None else check(name, value)


def terms(options: Mapping[str, Any], *, where: str) -> NativeTerms:
    """Takes what every call is given. Nothing else may be left."""
    rest = dict(options)
    timeout = optional(seconds, "timeout", rest.pop("timeout", None))
    told = optional(callback, "on_event", rest.pop("on_event", None))
    for name in rest:
        raise TypeError(f"{where}() got an unexpected keyword argument {name!r}")
    return timeout, told


def drift(options: Mapping[str, Any], *, where: str) -> tuple[NativeDrift, NativeTerms]:
    """Splits the options of a drift check into those of the check and those of the call."""
    rest = dict(options)
    native = {name: optional(check, name, rest.pop(name, None)) for name, check in _DRIFT.items()}
    return native, terms(rest, where=where)


def changing(options: Mapping[str, Any], *, where: str) -> tuple[dict[str, Any], NativeTerms]:
    """Splits the options of a change into those of the change and those of the call."""
    rest = dict(options)
    flags = {name: flag(name, rest.pop(name, False)) for name in ("dry_run", "without_lock", "force")}
    return flags | {"lock_timeout": seconds("lock_timeout", rest.pop("lock_timeout", 0))}, terms(rest, where=where)


def opening(workspace: Any, variables: Any, variable_files: Any, backend_config: Any, *, every_workspace: Any = False) -> dict[str, Any]:
    """How a target is opened."""
    return {
        "workspace": optional(text, "workspace", workspace),
        "variables": _variables(variables),
        "variable_files": paths("variable_files", variable_files),
        "backend_config": paths("backend_config", backend_config),
        "every_workspace": flag("every_workspace", every_workspace),
    }


def _variables(given: Any) -> list[tuple[str, str]]:
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise _wrong("variables", "a mapping", given)
    return [(text("variables", name), _expression(name, value)) for name, value in given.items()]


def _expression(name: str, value: Any) -> str:
    """A value as ``-var`` takes it: text as it is, anything else as an expression, which JSON is."""
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return path("variables", value)
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"variables[{name!r}]: {error}") from error
