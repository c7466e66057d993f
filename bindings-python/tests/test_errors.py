from __future__ import annotations

import asyncio
import builtins
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY

import driftmgr
from driftmgr import _native, exceptions
from driftmgr.exceptions import (
    DriftmgrError,
    InvalidConfigError,
    InvalidStateError,
    NotFoundError,
    UnexpectedError,
)

CLASSES = [
    each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, DriftmgrError) and not each.__name__.startswith("_")
]


def kinds_of_the_core() -> list[str]:
    operations = json.loads((REPOSITORY / "driftmgr-core/parity/operations.json").read_text())
    return [each if isinstance(each, str) else each["kind"] for each in operations["errors"]]


def test_every_kind_of_the_core_has_one_class() -> None:
    classes = {each.kind: each for each in CLASSES if each is not DriftmgrError}
    assert sorted(classes) == sorted(kinds_of_the_core())
    for kind, cls in classes.items():
        made = exceptions._from_native(kind, "wrong", "op", [("file", "a")], ["do that"], False)
        assert type(made) is cls
        assert cls.__name__ in exceptions.__all__


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        ("NotFoundError", FileNotFoundError),
        ("PermissionDeniedError", PermissionError),
        ("UnauthenticatedError", PermissionError),
        ("LockedError", BlockingIOError),
        ("TimedOutError", builtins.TimeoutError),
        ("UnsupportedError", NotImplementedError),
        ("InvalidConfigError", ValueError),
        ("InvalidStateError", ValueError),
        ("InvalidInputError", ValueError),
        ("UnavailableError", ConnectionError),
        ("ToolFailedError", ChildProcessError),
        ("UnexpectedError", RuntimeError),
    ],
)
def test_a_class_is_also_what_python_calls_it(cls: str, builtin: type[BaseException]) -> None:
    made = getattr(exceptions, cls)("wrong")
    assert isinstance(made, builtin)
    assert isinstance(made, DriftmgrError)
    # It maps back to the kind it stands for, or to the closest.
    assert exceptions._kind_of(made) == made.kind


def test_an_error_names_place_cause_and_way_out(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(FileNotFoundError) as raised:
        driftmgr.open(missing)
    error = raised.value
    assert isinstance(error, NotFoundError)
    assert error.kind == "not_found"
    assert str(missing) in str(error)
    assert error.context["file"] == str(missing)
    assert error.filename == str(missing)
    assert error.errno == 2
    assert error.hints
    assert error.__notes__ == [f"hint: {hint}" for hint in error.hints]
    assert not error.retryable
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.hints, again.context) == (type(error), str(error), error.hints, error.context)


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.tfstate").write_text("{ not json")
    with pytest.raises(InvalidStateError) as raised:
        driftmgr.State.read(tmp_path / "a.tfstate")
    assert raised.value.context["file"].endswith("a.tfstate")
    with pytest.raises(ValueError, match="state"):
        driftmgr.State.parse(b"")
    with pytest.raises(InvalidStateError, match="99"):
        driftmgr.State.parse('{"version": 99}')
    with pytest.raises(FileNotFoundError):
        asyncio.run(driftmgr.State.read_async(tmp_path / "b.tfstate"))


def test_wrong_settings_are_an_error_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "driftmgr.yaml").write_text("drift:\n  sensitvity: high\n  paralelism: 2\n")
    with pytest.raises(InvalidConfigError) as raised:
        driftmgr.Settings.load(tmp_path)
    assert raised.value.context["line"] == "2"
    assert any("and: " in note for note in raised.value.__notes__)
    lines = [problem.place["line"] for problem in driftmgr.Settings.validate(tmp_path / "driftmgr.yaml").problems]
    assert lines == ["2", "3"]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"tiemout": 1}, TypeError, "tiemout"),
        ({"timeout": "soon"}, TypeError, "timeout"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"timeout": float("nan")}, ValueError, "timeout"),
        ({"timeout": float("inf")}, ValueError, "timeout"),
        ({"timeout": True}, TypeError, "timeout"),
        ({"targets": "module.a"}, TypeError, "targets"),
        ({"targets": [1]}, TypeError, "targets"),
        ({"exclude": 1}, TypeError, "exclude"),
        ({"parallelism": 0}, ValueError, "parallelism"),
        ({"parallelism": 1.5}, TypeError, "parallelism"),
        ({"plugins": 1}, TypeError, "plugins"),
        ({"sensitivity": "loud"}, ValueError, "sensitivity"),
        ({"read_timeout": []}, TypeError, "read_timeout"),
        ({"read_timeout": 1e300}, ValueError, "read_timeout"),
        ({"provider_paths": ["a"]}, TypeError, "provider_paths"),
        ({"provider_paths": {"": "a"}}, ValueError, "provider"),
        ({"on_event": 1}, TypeError, "on_event"),
        ({"baseline": 1}, TypeError, "baseline"),
    ],
)
def test_a_wrong_option_is_named(stack: driftmgr.Stack, options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        stack.detect_drift(**options)
    with pytest.raises(error, match=text):
        asyncio.run(stack.detect_drift_async(**options))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: driftmgr.open(1), "target"),  # type: ignore[arg-type]
        (lambda: driftmgr.open(b"a"), "target"),  # type: ignore[arg-type]
        (lambda: driftmgr.open(".", workspace=1), "workspace"),  # type: ignore[arg-type]
        (lambda: driftmgr.open(".", variables=["a"]), "variables"),  # type: ignore[arg-type]
        (lambda: driftmgr.open(".", variables={"a": object()}), "variables"),
        (lambda: driftmgr.open(".", variable_files="a"), "variable_files"),
        (lambda: driftmgr.State.read(None), "file"),  # type: ignore[arg-type]
        (lambda: driftmgr.Client(settings=1), "settings"),  # type: ignore[arg-type]
        (lambda: driftmgr.Client(backends={"vault": 1}), "vault"),  # type: ignore[dict-item]
        (lambda: driftmgr.Client().detect_drift([1]), "stacks"),  # type: ignore[list-item]
        (lambda: driftmgr.Client().detect_drift_at("."), "paths"),
        (lambda: driftmgr.Settings.load(overrides={1: 2}), "overrides"),  # type: ignore[dict-item]
    ],
)
def test_a_wrong_argument_is_named(call: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        call()


def test_a_panic_is_an_exception() -> None:
    with pytest.raises(UnexpectedError, match="on purpose"):
        _native._panic(False)
    call = _native._panic(True)
    assert call is not None
    with pytest.raises(UnexpectedError, match="on purpose"):
        call.wait()

    async def awaited() -> None:
        call = _native._panic(True)
        assert call is not None
        await call

    with pytest.raises(UnexpectedError, match="on purpose"):
        asyncio.run(awaited())


def test_a_call_is_waited_for_once(quickstart: Path) -> None:
    call = _native._panic(True)
    assert call is not None
    with pytest.raises(UnexpectedError):
        call.wait()
    with pytest.raises(RuntimeError, match="once"):
        call.wait()
