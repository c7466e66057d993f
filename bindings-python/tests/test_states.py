from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import driftmgr
from driftmgr.exceptions import InvalidInputError

V4: dict[str, Any] = {
    "version": 4,
    "terraform_version": "1.9.0",
    "serial": 7,
    "lineage": "3f1c",
    "outputs": {
        "plain": {"value": ["a"], "type": ["list", "string"]},
        "token": {"value": "hunter2", "type": "string", "sensitive": True},
    },
    "resources": [
        {
            "mode": "managed",
            "type": "null_resource",
            "name": "a",
            "provider": 'provider["registry.terraform.io/hashicorp/null"]',
            "instances": [
                {"index_key": 0, "schema_version": 0, "attributes": {"id": "1", "triggers": None}},
                {"index_key": 1, "schema_version": 0, "status": "tainted", "attributes": {"id": "2", "triggers": None}},
            ],
        }
    ],
}


def parsed(**changes: Any) -> driftmgr.State:
    return driftmgr.State.parse(json.dumps(V4 | changes), name="test")


def test_a_state_says_what_it_is() -> None:
    state = parsed()
    assert (state.name, state.serial, state.lineage, state.format_version, state.terraform_version) == ("test", 7, "3f1c", 4, "1.9.0")
    assert state.bytes == len(json.dumps(V4))
    assert state.list() == ["null_resource.a[0]", "null_resource.a[1]"]
    assert state.list(["null_resource.a[1]"]) == ["null_resource.a[1]"]
    with pytest.raises(InvalidInputError):
        state.list(["?"])


def test_a_row_for_every_object() -> None:
    state = parsed()
    rows = state.objects
    assert [(row.address, row.key, row.status) for row in rows] == [("null_resource.a[0]", 0, "ready"), ("null_resource.a[1]", 1, "tainted")]
    assert tuple(rows) == state.inspect().objects
    assert rows[-1] == rows[1]
    assert rows[:1] == (rows[0],)
    assert rows == state.objects
    with pytest.raises(IndexError):
        rows[2]


def test_secrets_are_masked_unless_they_are_asked_for() -> None:
    state = parsed()
    assert state.outputs()["plain"].value == ("a",)
    assert state.outputs()["token"].value != "hunter2"
    assert state.outputs(reveal_secrets=True)["token"].value == "hunter2"
    assert "hunter2" not in json.dumps(state.view())
    assert "hunter2" in json.dumps(state.view(reveal_secrets=True))
    for shown in (repr(state), state._repr_html_(), repr(state.inspect()), repr(state.outputs())):
        assert "hunter2" not in shown
    with pytest.raises(TypeError, match="reveal_secrets"):
        state.outputs(reveal_secrets="yes")  # type: ignore[arg-type]


def test_health_and_analysis() -> None:
    state = parsed()
    assert state.health().score <= 100
    analysis = state.analyze()
    assert analysis.health == state.health()
    assert analysis.analysis.tainted == ("null_resource.a[1]",)
    assert analysis.analysis.by_type == {"null_resource": 2}


def test_two_states_are_compared() -> None:
    before = parsed()
    after = parsed(outputs={}, resources=[])
    comparison, problems = before.compare(after)
    assert comparison.removed == ("null_resource.a[0]", "null_resource.a[1]")
    assert comparison.outputs.removed == ("plain", "token")
    assert problems == ()
    nothing, _ = before.compare(parsed(serial=8))
    assert (nothing.added, nothing.removed, nothing.changed) == ((), (), ())
    with pytest.raises(TypeError, match="after"):
        before.compare(1)  # type: ignore[arg-type]


def test_an_old_state_can_be_upgraded(tmp_path: Path) -> None:
    old = {"version": 3, "serial": 1, "lineage": "l", "modules": [{"path": ["root"], "outputs": {}, "resources": {}}]}
    state = driftmgr.State.parse(json.dumps(old))
    assert state.format_version == 3
    assert json.loads(state.upgrade())["version"] == 4

    file = tmp_path / "old.tfstate"
    file.write_text(json.dumps(old))
    assert driftmgr.State.upgrade_in_place(file) == 3
    assert json.loads(file.read_text())["version"] == 4
    assert json.loads((tmp_path / "old.tfstate.backup").read_text()) == old
    assert driftmgr.State.upgrade_in_place(file) is None
    assert asyncio.run(driftmgr.State.upgrade_in_place_async(file)) is None


def test_files_are_read_by_both_kinds_of_calls(quickstart: Path) -> None:
    path = Path("terraform.tfstate")
    state = driftmgr.State.read(path)
    assert asyncio.run(driftmgr.State.read_async(path)).inspect() == state.inspect()
    assert driftmgr.open(".").state.inspect().objects == state.inspect().objects
    parsed = driftmgr.State.parse(path.read_bytes(), name=str(path))
    assert parsed.inspect() == state.inspect()


def test_settings_know_where_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "driftmgr.yaml").write_text("drift:\n  parallelism: 3\n")
    monkeypatch.setenv("DRIFTMGR_WORKERS", "2")
    settings = driftmgr.Settings.load(tmp_path, overrides={"drift.plugins": False})
    table = {entry.key: entry for entry in settings.entries()}
    assert settings["drift.parallelism"] == 3
    assert (table["drift.parallelism"].origin.kind, table["drift.parallelism"].origin.line) == ("file", 2)
    assert settings["drift.plugins"] is False
    assert table["drift.plugins"].origin.kind == "flag"
    assert driftmgr.Client(settings=settings).settings["drift.parallelism"] == 3
    assert "properties" in driftmgr.Settings.schema()
    with pytest.raises(KeyError):
        settings["nothing"]
