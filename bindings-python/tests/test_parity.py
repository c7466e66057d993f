"""One list of operations and one table of cases for all languages: what is in them is here, and answers the same."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY

import driftmgr
from driftmgr._record import thaw
from driftmgr.exceptions import DriftmgrError

PARITY = REPOSITORY / "driftmgr-core/parity"
LIST = json.loads((PARITY / "operations.json").read_text())
OPERATIONS = LIST["operations"]
CASES = [case for file in sorted((PARITY / "cases").glob("*.json")) for case in json.loads(file.read_text())["cases"]]

EPOCH = datetime.fromtimestamp(0, UTC)

# Where a case cannot be asked in Python, and why.
NOT_ASKED = {"an old version cannot be written": "write() takes no version"}

# Public methods that are no operation: Python's own ways to write down, read and end things.
BESIDE = {
    "Baseline.to_json",
    "Baseline.to_dict",
    "BackendHandle.capability",
    "Client.settings",
    "DriftReport.to_dict",
    "DriftReport.render_bytes",
    "ManagedState.capability",
    "ManagedState.info",
    "ManagedState.label",
    "ManagedState.workspace",
    "Plan.info",
    "Plan.name",
    "Plan.parse",
    "Settings.table",
    "Snapshot.parse",
    "Snapshot.to_json",
    "Stack.close",
    "Stack.closed",
    "Stack.problems",
    "Stack.root_dir",
    "Stack.state_path",
    "Stack.target",
    "State.bytes",
    "State.format_version",
    "State.lineage",
    "State.name",
    "State.objects",
    "State.read_async",
    "State.serial",
    "State.terraform_version",
}
CLASSES = ("BackendHandle", "Baseline", "Client", "DriftReport", "ManagedState", "Plan", "RunHistory", "Settings", "Snapshot", "Stack", "State")
# Parts of a report, a stream and a baseline, which are results.
PARTS = {"findings", "groups", "not_looked_at", "problems", "providers", "rules", "secret", "summary", "targets", "visible"}


def found(name: str) -> Any:
    value: Any = driftmgr
    for part in name.split("."):
        value = inspect.getattr_static(value, part) if inspect.isclass(value) else getattr(value, part)
    return value


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["name"])
def test_an_operation_is_there_or_the_list_says_why_not(operation: dict[str, Any]) -> None:
    name = operation["python"]
    if name is None:
        assert operation["why"]["python"]
        return
    assert found(name).__doc__ or found(name).__func__.__doc__
    if operation["async"]:
        is_stream = name.endswith("iter_drift")
        twin = found(name if is_stream else f"{name}_async")
        assert is_stream or inspect.iscoroutinefunction(getattr(twin, "__func__", twin))


def test_nothing_public_is_missing_from_the_list() -> None:
    listed = {operation["python"] for operation in OPERATIONS}
    for cls in CLASSES:
        for name in vars(getattr(driftmgr, cls)):
            full = f"{cls}.{name}"
            if not name.startswith("_") and full not in BESIDE and name not in PARTS:
                assert full.removesuffix("_async") in listed, full
    assert sorted(BESIDE & listed) == []


class Case:
    """What a case gives, in Python's terms."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.input: dict[str, Any] = case["input"]
        self.client = driftmgr.Client()

    def __getitem__(self, name: str) -> Any:
        return self.input[name]

    def file(self, name: str) -> Path:
        return REPOSITORY / str(self.input[name])

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.input.get("options", {}))

    def opening(self) -> dict[str, Any]:
        return {name: self.input[name] for name in ("workspace", "backend_config", "every_workspace") if name in self.input}

    def stack(self) -> driftmgr.Stack:
        return self.client.open(self["target"], workspace=self.input.get("workspace"))

    def stacks(self) -> list[driftmgr.Stack]:
        return [self.client.open(target) for target in self["targets"]]

    def state(self) -> driftmgr.State:
        if "bytes" in self.input:
            return driftmgr.State.parse(self.file("bytes").read_bytes(), name=self["bytes"])
        return driftmgr.State.read(self.file("state"))

    def report(self) -> driftmgr.DriftReport:
        return driftmgr.DriftReport.from_json(self.file("report").read_text())

    def backend(self) -> driftmgr.BackendHandle:
        return self.client.backend(self["kind"], self["config"], root=self["root"])

    def at(self) -> str:
        workspace: str = self.input.get("workspace", "default")
        return workspace

    def managed(self) -> driftmgr.ManagedState:
        return self.client.manage(self["target"], workspace=self.input.get("workspace"))

    def settings(self) -> driftmgr.Settings:
        return driftmgr.Settings.load(self.file("dir"), overrides=self["overrides"])

    def history(self, folder: Path) -> tuple[driftmgr.RunHistory, driftmgr.results.Recorded]:
        stack = self.stack()
        history = driftmgr.RunHistory.open(folder / "runs.sqlite")
        return history, history.record(stack.detect_drift(**self.options), [stack])


def streamed(stream: driftmgr.DriftStream) -> dict[str, Any]:
    findings = sorted(finding.address for finding in stream)
    assert stream.report is not None
    return {
        "looked": sorted(f"{each.address} {each.outcome}" for each in stream.looked),
        "findings": findings,
        "not_looked_at": sorted(each.address for each in stream.not_looked_at),
        "report": stream.report.to_dict(),
    }


def twice_locked(backend: driftmgr.BackendHandle, workspace: str) -> str:
    backend.lock(workspace, operation="first")
    return backend.lock(workspace, operation="second")


def known_bytes(state: driftmgr.results.RawState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return state.to_dict() | {"bytes": len(state.bytes), "etag": state.etag, "version": state.version, "modified": state.modified}


def history_of(case: Case, folder: Path) -> dict[str, Any]:
    if "file" in case.input:
        return driftmgr.RunHistory.open(case.file("file"), existing=True).ask().to_dict()
    return case.history(folder)[0].ask(addresses=case["addresses"]).to_dict()


def place(state: driftmgr.ManagedState) -> dict[str, Any]:
    return {"label": state.label, "workspace": state.workspace, "kind": state.info.kind, "capability": state.capability.to_dict()}


def facts(backend: driftmgr.BackendHandle) -> dict[str, Any]:
    return {"info": backend.info.to_dict(), "capability": backend.capability.to_dict()}


def comparison(case: Case) -> dict[str, Any]:
    compared, _ = case.state().compare(driftmgr.State.read(case.file("after")))
    return compared.to_dict()


ANSWERS: dict[str, Callable[[Case, Path], Any]] = {
    "version": lambda case, _: driftmgr.version().to_dict(),
    "rules": lambda case, _: [rule.to_dict() for rule in case.client.rules()],
    "backends": lambda case, _: [kind.to_dict() for kind in case.client.backends()],
    "backend_metrics": lambda case, _: case.client.backend_metrics().to_dict(),
    "status": lambda case, _: case.client.status(case["targets"], **case.opening()).to_dict(),
    "doctor": lambda case, _: case.client.doctor(case["targets"]).to_dict(),
    "client.open": lambda case, _: case.client.open(case["target"]).workspace.to_dict(),
    "client.open_with": lambda case, _: case.stack().workspace.to_dict(),
    "client.detect_drift": lambda case, _: case.client.detect_drift(case.stacks(), **case.options).to_dict(),
    "client.detect_drift_at": lambda case, _: case.client.detect_drift_at(case["targets"], **case.opening(), **case.options).report.to_dict(),
    "client.drift_stream": lambda case, _: streamed(case.client.iter_drift(case.stacks(), **case.options)),
    "client.drift_of_plan": lambda case, _: case.client.drift_of_plan(case["plan"], **case.options).to_dict(),
    "client.snapshot": lambda case, _: case.client.snapshot(case.stacks(), **case.options)[0].info().to_dict(),
    "stack.detect_drift": lambda case, _: case.stack().detect_drift(**case.options).to_dict(),
    "stack.drift_stream": lambda case, _: streamed(case.stack().iter_drift(**case.options)),
    "stack.check": lambda case, _: case.stack().check(**case.options).to_dict(),
    "stack.explain": lambda case, _: case.stack().explain(case["address"], **case.options).to_dict(),
    "stack.against_plan": lambda case, _: case.stack().against_plan(case["plan"], **case.options).to_dict(),
    "stack.against_snapshot": lambda case, _: case.stack().against_snapshot(driftmgr.Snapshot.read(case["snapshot"]), **case.options).to_dict(),
    "stack.against_state": lambda case, _: case.stack().against_state(driftmgr.State.read(case["real"]), **case.options).to_dict(),
    "stack.snapshot": lambda case, _: case.stack().snapshot(**case.options)[0].info().to_dict(),
    "stack.state": lambda case, _: case.stack().state.list(),
    "stack.workspace": lambda case, _: case.stack().workspace.to_dict(),
    "stack.configuration": lambda case, _: thaw(case.stack().configuration()),
    "state.list": lambda case, _: case.state().list(case.input.get("addresses", [])),
    "state.inspect": lambda case, _: case.state().inspect().to_dict(),
    "state.outputs": lambda case, _: thaw(case.state().outputs(reveal_secrets=case.input.get("reveal", False))),
    "state.view": lambda case, _: case.state().view(reveal_secrets=case.input.get("reveal", False)),
    "state.health": lambda case, _: case.state().health().to_dict(),
    "state.analyze": lambda case, _: case.state().analyze().to_dict(),
    "state.compare": lambda case, _: comparison(case),
    "state.upgrade": lambda case, _: json.loads(case.state().upgrade()),
    "report.from_json": lambda case, _: case.report().to_dict(),
    "report.to_json": lambda case, _: json.loads(case.report().to_json()),
    "report.check": lambda case, _: case.report().check().to_dict(),
    "report.score": lambda case, _: case.report().score.to_dict(),
    "report.by_target": lambda case, _: {target: part.to_dict() for target, part in case.report().by_target().items()},
    "report.suggest_ignores": lambda case, _: {"rules": [rule.to_dict() for rule in case.report().suggest_ignores()]},
    "report.render": lambda case, _: {"text": case.report().render(case["format"], timestamp=EPOCH)},
    "report.baseline": lambda case, _: case.report().baseline(case.file("file"), reason=case["reason"]).to_dict(),
    "plan.read": lambda case, _: {"format_version": driftmgr.Plan.read(case["plan"]).info().format_version},
    "snapshot.read": lambda case, _: driftmgr.Snapshot.read(case["snapshot"]).info().to_dict(),
    "snapshot.info": lambda case, _: driftmgr.Snapshot.read(case["snapshot"]).info().to_dict(),
    "client.manage": lambda case, _: place(case.managed()),
    "client.manage_with": lambda case, _: place(case.managed()),
    "managed.pull": lambda case, _: json.loads(case.managed().pull() or b""),
    "managed.state": lambda case, _: case.managed().state(case.input.get("version")).list(),
    "managed.push": lambda case, _: case.managed().push(case.file("state").read_bytes(), dry_run=True).to_dict(),
    "managed.restore": lambda case, _: case.managed().restore(case.file("state").read_bytes(), dry_run=True).to_dict(),
    "managed.mv": lambda case, _: case.managed().mv(case["from"], case["to"], dry_run=True).to_dict(),
    "managed.rm": lambda case, _: case.managed().rm(case["addresses"], dry_run=True).to_dict(),
    "managed.replace_provider": lambda case, _: case.managed().replace_provider(case["from"], case["to"], dry_run=True).to_dict(),
    "managed.import_object": lambda case, _: case.managed().import_object(case["address"], case["provider"], case["object"], dry_run=True).to_dict(),
    "managed.workspaces": lambda case, _: case.managed().workspaces(),
    "managed.in_workspace": lambda case, _: place(case.client.manage(case["target"]).in_workspace(case["workspace"])),
    "settings.load": lambda case, _: case.settings().table().to_dict(),
    "settings.entries": lambda case, _: [entry.to_dict() for entry in case.settings().entries()],
    "settings.validate": lambda case, _: driftmgr.Settings.validate(case.file("file")).to_dict(),
    "settings.schema": lambda case, _: driftmgr.Settings.schema(),
    "backend.open": lambda case, _: facts(case.backend()),
    "backend.info": lambda case, _: facts(case.backend()),
    "backend.workspaces": lambda case, _: case.backend().workspaces(),
    "backend.read": lambda case, _: known_bytes(case.backend().read(case.at())),
    "backend.versions": lambda case, _: [version.to_dict() for version in case.backend().versions(case.at())],
    "backend.write": lambda case, _: case.backend().write(case["text"].encode(), case.at()).to_dict(),
    "backend.delete": lambda case, _: case.backend().delete(case.at()),
    "backend.lock": lambda case, _: twice_locked(case.backend(), case.at()),
    "backend.unlock": lambda case, _: case.backend().unlock(case["lock"], case.at()),
    "history.open": lambda case, folder: [thaw(target) for target in driftmgr.RunHistory.open(folder / "runs.sqlite").ask().targets],
    "history.record": lambda case, folder: case.history(folder)[1].to_dict(),
    "history.ask": history_of,
    "history.prune": lambda case, folder: case.history(folder)[0].prune(case["age"]).to_dict(),
}


def pointed(answer: Any, pointer: str) -> tuple[Any, Any]:
    *parents, last = pointer.removeprefix("/").split("/")
    for part in parents:
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return answer, int(last) if isinstance(answer, list) else last


def normal(answer: Any, volatile: list[str]) -> Any:
    """The repository's own folder is left out, and what changes from run to run is marked."""
    answer = json.loads(json.dumps(answer, default=str).replace(f"{REPOSITORY}/", ""))
    for pointer in volatile:
        place, key = pointed(answer, pointer)
        assert place[key] is not None or True
        place[key] = "${ANY}"
    return answer


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the repository's folder, without a home folder and without any variable of this machine."""
    monkeypatch.chdir(REPOSITORY)
    for name in list(os.environ):
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_a_case_is_answered_as_in_every_language(case: dict[str, Any], tmp_path: Path) -> None:
    if case["name"] in NOT_ASKED:
        pytest.skip(NOT_ASKED[case["name"]])
    try:
        answer = ANSWERS[case["operation"]](Case(case), tmp_path)
    except DriftmgrError as error:
        told = normal({"kind": error.kind, "message": error.message}, [])
        assert told == case.get("expected_error")
        return
    answer = normal(answer, case.get("volatile", []))
    if "expected_file" in case:
        assert answer == json.loads((REPOSITORY / case["expected_file"]).read_text())
    else:
        assert "expected" in case, answer
        assert answer == case["expected"]


def test_every_operation_has_a_case_or_needs_none() -> None:
    assert {case["operation"] for case in CASES} == set(ANSWERS)
    assert len(CASES) >= 40


def test_cases_run_in_an_event_loop_too() -> None:
    async def looked() -> dict[str, Any]:
        stack = await driftmgr.Client().open_async(REPOSITORY / "examples/quickstart")
        return (await stack.check_async(plugins=False)).to_dict()

    expected = next(case for case in CASES if case["name"] == "the short answer for drift")
    assert asyncio.run(looked()) == expected["expected"]
