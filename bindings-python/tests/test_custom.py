"""Backends and realities that are written in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_states import V4

import driftmgr
from driftmgr import results
from driftmgr.exceptions import ConflictError, InvalidConfigError, LockedError, PermissionDeniedError, UnexpectedError, UnsupportedError

CAPABILITY = results.Capability(write=True, lock=True, workspaces=True, versions=False, if_match=True, concurrency=2)


class Vault:
    """Keeps states in a dictionary."""

    capability = CAPABILITY

    def __init__(self, config: dict[str, Any], root: str) -> None:
        if "place" not in config:
            raise InvalidConfigError("a vault needs a place", hints=["set place"])
        self.location = f"vault {config['place']}"
        self.root = root
        self.states: dict[str, bytes] = {}
        self.locks: dict[str, str] = {}

    def workspaces(self) -> list[str]:
        return ["default", *sorted(name for name in self.states if name != "default")]

    def read(self, workspace: str, version: str | None, /) -> results.RawState | None:
        data = self.states.get(workspace)
        return None if data is None else results.RawState(bytes=data, etag=str(hash(data)))

    def versions(self, workspace: str, /) -> list[results.StateVersion]:
        raise UnsupportedError("a vault keeps no versions")

    def write(self, workspace: str, data: bytes, /, *, if_match: str | None, lock: str | None) -> results.Written:
        if self.locks.get(workspace) != lock:
            raise LockedError("somebody else has the lock")
        there = self.states.get(workspace)
        if if_match is not None and if_match != (driftmgr.ABSENT if there is None else str(hash(there))):
            raise ConflictError("another state is there")
        self.states[workspace] = data
        return results.Written(etag=str(hash(data)), version=None, backup=None)

    def delete(self, workspace: str, /, *, if_match: str | None, lock: str | None) -> None:
        self.states.pop(workspace, None)

    def lock(self, workspace: str, info: dict[str, Any], /) -> str:
        if workspace in self.locks:
            raise LockedError("locked", context={"holder": "me"})
        self.locks[workspace] = info["ID"]
        return str(info["ID"])

    def unlock(self, workspace: str, lock: str, /) -> None:
        if self.locks.pop(workspace, None) != lock:
            raise ConflictError("this is not the lock that is held")


@pytest.fixture
def vaults() -> list[Vault]:
    return []


@pytest.fixture
def client(vaults: list[Vault]) -> driftmgr.Client:
    def make(config: dict[str, Any], root: str) -> Vault:
        vault = Vault(config, root)
        vault.states["default"] = json.dumps(V4).encode()
        vaults.append(vault)
        return vault

    return driftmgr.Client(backends={"vault": make})


def test_a_folder_opens_its_state_through_a_backend_in_python(client: driftmgr.Client, vaults: list[Vault], tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('terraform {\n  backend "vault" {\n    place = "here"\n  }\n}\n')
    stack = client.open(tmp_path)
    assert stack.state.serial == 7
    assert vaults[0].location == "vault here"
    with pytest.raises(UnsupportedError):
        driftmgr.open(tmp_path)


def test_every_method_can_be_called(client: driftmgr.Client) -> None:
    vault = client.backend("vault", {"place": "there"})
    assert vault.info == results.BackendInfo(kind="vault", location="vault there")
    assert vault.capability == CAPABILITY
    assert vault.workspaces() == ["default"]
    state = vault.read()
    assert state is not None
    assert json.loads(state.bytes) == V4
    assert vault.read("other") is None

    lock = vault.lock(operation="test")
    with pytest.raises(LockedError) as raised:
        vault.lock(operation="again")
    assert raised.value.context["holder"] == "me"
    with pytest.raises(BlockingIOError):
        vault.write(b"new")
    written = vault.write(b"new", lock=lock, if_match=state.etag)
    assert written.etag != state.etag
    with pytest.raises(ConflictError):
        vault.write(b"newer", lock=lock, if_match=driftmgr.ABSENT)
    vault.unlock(lock)
    with pytest.raises(ConflictError):
        vault.unlock(lock)
    vault.delete()
    assert vault.read() is None
    with pytest.raises(NotImplementedError):
        vault.versions()


async def all_async(client: driftmgr.Client) -> None:
    memory = client.backend("memory")
    lock = await memory.lock_async(operation="test")
    await memory.write_async(b"a", lock=lock)
    await memory.write_async(b"b", lock=lock)
    await memory.unlock_async(lock)
    state = await memory.read_async()
    assert state is not None
    assert state.bytes == b"b"
    assert await memory.workspaces_async() == ["default"]
    versions = await memory.versions_async()
    assert [version.latest for version in versions] == [True, False]
    old = await memory.read_async(version=versions[-1].id)
    assert old is not None
    assert old.bytes == b"a"
    await memory.delete_async()
    assert await memory.read_async() is None


def test_built_in_backends_serve_an_event_loop(client: driftmgr.Client) -> None:
    import asyncio

    asyncio.run(all_async(client))
    assert {"local", "memory", "vault"} <= {each.kind for each in client.backends()}


def test_what_a_backend_raises_reaches_the_caller(tmp_path: Path) -> None:
    class Broken(Vault):
        def read(self, workspace: str, version: str | None, /) -> results.RawState | None:
            raise PermissionError("not you")

    def no_place(config: dict[str, Any], root: str) -> Vault:
        return Vault({}, root)

    def wrong(config: dict[str, Any], root: str) -> Any:
        return object()

    client = driftmgr.Client(backends={"broken": Broken, "no-place": no_place, "wrong": wrong})
    with pytest.raises(PermissionDeniedError, match="not you") as raised:
        client.backend("broken", {"place": "a"}).read()
    assert isinstance(raised.value.__cause__, PermissionError)
    with pytest.raises(InvalidConfigError, match="needs a place"):
        client.backend("no-place")
    with pytest.raises(UnexpectedError, match="capability"):
        client.backend("wrong")
    with pytest.raises(UnsupportedError, match="vault"):
        client.backend("vault")


class Told(driftmgr.Reality):
    """Answers what it was told, and what the state says for the rest."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def observe(self, address: str, attributes: dict[str, Any]) -> dict[str, Any] | None:
        answer = self.answers.get(address.rpartition(".")[2], attributes)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, dict):
            return attributes | answer
        return None if answer is None else attributes


def test_a_reality_in_python_is_the_reality(stack: driftmgr.Stack) -> None:
    told = stack.with_reality(Told(robots={"content": "other"}))
    report = told.detect_drift()
    (finding,) = report.findings
    assert (finding.address, finding.kind, finding.class_) == ("local_file.robots", "modified", "unclassified")
    (change,) = finding.changes
    assert (change.path, change.after) == ("content", "other")
    assert report.summary.checked == 6


def test_gone_and_unreadable_are_different_things(stack: driftmgr.Stack) -> None:
    report = stack.with_reality(Told(robots=None)).detect_drift()
    assert [(finding.address, finding.kind) for finding in report.findings] == [("local_file.robots", "missing")]
    broken = stack.with_reality(Told(robots=PermissionError("not you"))).detect_drift()
    assert not broken.findings
    reasons = {left_out.address: left_out.reason for left_out in broken.not_looked_at}
    assert "not you" in reasons["local_file.robots"]
    assert not broken.check()


@pytest.mark.parametrize("answer", [object(), "text", [{"id": "a"}], 5, float("nan")])
def test_an_answer_that_is_none_is_unreadable(stack: driftmgr.Stack, answer: Any) -> None:
    class Wrong(driftmgr.Reality):
        def observe(self, address: str, attributes: dict[str, Any]) -> dict[str, Any] | None:
            return answer  # type: ignore[no-any-return]

    report = stack.with_reality(Wrong()).detect_drift()
    assert report.summary.unverifiable > 0
    assert report.summary.checked == 0
    assert not report.findings
    with pytest.raises(TypeError, match="observe"):
        stack.with_reality(object())  # type: ignore[arg-type]
