"""Stored states that are changed, and what they were before."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import driftmgr
from driftmgr.exceptions import ConflictError, LockedError, NotFoundError


@pytest.fixture
def state(quickstart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> driftmgr.ManagedState:
    """The state of the example, with backups in a folder of the test."""
    monkeypatch.setenv("DRIFTMGR_BACKUPS", str(tmp_path / "backups"))
    return driftmgr.Client().manage(quickstart)


def addresses(state: driftmgr.ManagedState) -> list[str]:
    return state.state().list()


def test_a_change_keeps_what_was_there_and_can_be_taken_back(state: driftmgr.ManagedState) -> None:
    before = addresses(state)
    moved = state.mv("null_resource.announce", "null_resource.told")
    assert moved.written
    assert moved.serial == (moved.serial_before or 0) + 1
    assert [(edit.change, edit.from_, edit.to) for edit in moved.changes] == [("moved", "null_resource.announce", "null_resource.told")]
    assert moved.backup is not None
    versions = state.versions()
    assert versions[0].latest
    assert (moved.backup, "backup") in [(version.id, version.kept_by) for version in versions]
    comparison, problems = state.diff(moved.backup)
    assert not problems
    assert "null_resource.told" in json.dumps(comparison.to_dict())
    back = state.rollback(moved.backup)
    assert (back.written, back.serial) == (True, moved.serial + 1)
    assert addresses(state) == before


def test_what_is_not_forced_is_refused(state: driftmgr.ManagedState) -> None:
    pulled = state.pull()
    assert pulled is not None
    with pytest.raises(ConflictError):
        state.delete()
    kept = state.delete(force=True)
    assert kept is not None
    assert state.pull() is None
    with pytest.raises(NotFoundError):
        state.state()
    assert state.restore(pulled).written
    assert state.pull() == pulled
    state.rm(["null_resource.announce"])
    with pytest.raises(ConflictError):
        state.push(pulled)
    assert state.push(pulled, force=True).serial == json.loads(pulled)["serial"]


def test_a_lock_keeps_others_out(state: driftmgr.ManagedState, quickstart: Path) -> None:
    held = state.lock("look around")
    other = driftmgr.Client().manage(quickstart)
    with pytest.raises(LockedError) as refused:
        other.rm(["null_resource.announce"])
    assert refused.value.context["operation"] == "look around"
    with pytest.raises(LockedError):
        other.lock("wait", lock_timeout=0.2)
    state.unlock(held)
    assert other.rm(["null_resource.announce"], lock_timeout=5).written


def test_a_copy_and_a_snapshot(state: driftmgr.ManagedState, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "main.tf").write_text("")
    copy = driftmgr.Client().manage(there)
    assert state.copy_to(copy, dry_run=True).written is False
    assert state.copy_to(copy).written
    assert copy.pull() == state.pull()
    assert state.state(state.snapshot()).list() == addresses(state)


def test_an_object_that_was_prepared(state: driftmgr.ManagedState) -> None:
    provider = 'provider["registry.terraform.io/hashicorp/null"]'
    taken = state.import_object("null_resource.more", provider, {"schema_version": 0, "attributes": {"id": "1", "triggers": None}})
    assert [edit.address for edit in taken.changes] == ["null_resource.more"]
    assert "null_resource.more" in addresses(state)


def test_workspaces_come_and_go(state: driftmgr.ManagedState) -> None:
    blue = state.create_workspace("blue")
    assert (blue.workspace, addresses(blue)) == ("blue", [])
    assert state.workspaces() == ["default", "blue"]
    with pytest.raises(ConflictError):
        state.create_workspace("blue")
    assert state.delete_workspace("blue") is not None
    assert state.workspaces() == ["default"]


def test_every_call_is_there_for_an_event_loop(state: driftmgr.ManagedState, quickstart: Path) -> None:
    async def changed() -> list[str]:
        other = await driftmgr.Client().manage_async(quickstart)
        done = await other.rm_async(["module.site"])
        assert done.backup is not None
        await other.rollback_async(done.backup)
        return (await other.state_async()).list()

    assert asyncio.run(changed()) == addresses(state)


def test_options_are_checked_by_name(state: driftmgr.ManagedState) -> None:
    with pytest.raises(TypeError, match="dry_run must be a bool"):
        state.rm(["x.y"], dry_run=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword argument 'dryrun'"):
        state.rm(["x.y"], dryrun=True)  # type: ignore[call-arg]
