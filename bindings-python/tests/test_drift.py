from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import driftmgr
from driftmgr import results
from driftmgr.exceptions import InvalidInputError, NotFoundError

INDEX = 'module.site.local_file.page["index"]'
CONTACT = 'module.site.local_file.page["contact"]'


def test_a_report_says_what_differs_and_why(report: driftmgr.DriftReport) -> None:
    assert [finding.address for finding in report.visible] == [CONTACT, INDEX]
    assert report.summary.deleted == 2
    contact, index = report.visible
    assert (contact.kind, contact.severity, contact.target) == ("missing", "important", ".")
    assert contact.effect is not None
    assert contact.effect.action == "create"
    assert index.index == "index"
    assert index.declared is not None
    assert index.declared.file.endswith("main.tf")


def test_only_what_is_changed_is_found(quickstart: Path, stack: driftmgr.Stack) -> None:
    before = stack.detect_drift(plugins=False)
    (quickstart / "public/robots.txt").write_text("changed")
    after = stack.detect_drift(plugins=False)
    new = {finding.address for finding in after.findings} - {finding.address for finding in before.findings}
    assert new == {"local_file.robots"}


def test_both_kinds_of_calls_give_the_same(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    assert asyncio.run(stack.detect_drift_async(plugins=False)) == report


def test_a_check_is_true_only_when_all_is_well(quickstart: Path, stack: driftmgr.Stack) -> None:
    check = stack.check(plugins=False)
    assert not check
    assert (check.safe, check.exit) == (False, 2)
    assert asyncio.run(stack.check_async(plugins=False)) == check
    left = stack.check(plugins=False, targets=["local_file.robots"])
    assert left
    assert left.exit == 0


def test_targets_and_exclusions_choose_instances(stack: driftmgr.Stack) -> None:
    only = stack.detect_drift(plugins=False, targets=[INDEX])
    assert [finding.address for finding in only.findings] == [INDEX]
    without = stack.detect_drift(plugins=False, exclude=("module.site",))
    assert not without.findings
    with pytest.raises(InvalidInputError, match="address"):
        stack.detect_drift(targets=["not an address"])


def test_an_explanation_is_about_one_instance(stack: driftmgr.Stack) -> None:
    told = stack.explain(INDEX, plugins=False)
    assert told.address == INDEX
    assert told.facts.state
    assert [finding.address for finding in told.report.findings] == [INDEX]
    again = asyncio.run(stack.explain_async(INDEX, plugins=False))
    assert again.to_dict() == told.to_dict()
    with pytest.raises(NotFoundError):
        stack.explain("local_file.nowhere")


def test_findings_come_as_they_are_found(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    stream = stack.iter_drift(plugins=False)
    assert stream.report is None
    found = list(stream)
    assert sorted(finding.address for finding in found) == [finding.address for finding in report.findings]
    assert stream.report == report
    assert [each.done for each in stream.looked] == list(range(1, report.summary.checked + 1))
    assert {each.total for each in stream.looked} == {report.summary.checked}
    assert sorted(each.address for each in stream.not_looked_at) == sorted(each.address for each in report.not_looked_at)
    with pytest.raises(StopIteration):
        next(stream)


def test_the_same_stream_serves_an_event_loop(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    async def collected() -> tuple[list[str], driftmgr.DriftReport | None]:
        stream = stack.iter_drift(plugins=False)
        return [finding.address async for finding in stream], stream.report

    addresses, whole = asyncio.run(collected())
    assert sorted(addresses) == [CONTACT, INDEX]
    assert whole == report
    assert asyncio.run(stack.iter_drift(plugins=False).collect_async()) == report
    assert stack.iter_drift(plugins=False).collect() == report


def test_a_callback_is_told_of_events_in_its_own_thread(stack: driftmgr.Stack) -> None:
    import threading

    told: list[tuple[driftmgr.Event, int]] = []
    stack.detect_drift(plugins=False, on_event=lambda event: told.append((event, threading.get_ident())))
    assert {thread for _, thread in told} == {threading.get_ident()}
    read = [event for event, _ in told if isinstance(event, results.InstanceRead)]
    assert (INDEX, "deleted") in {(event.address, event.outcome) for event in read}

    async def in_loop() -> list[driftmgr.Event]:
        seen: list[driftmgr.Event] = []
        await stack.detect_drift_async(plugins=False, on_event=seen.append)
        return seen

    seen = asyncio.run(in_loop())
    assert {event.address for event in seen if isinstance(event, results.InstanceRead)} == {event.address for event in read}


def test_a_callback_has_the_context_of_its_task(stack: driftmgr.Stack) -> None:
    import contextvars

    who = contextvars.ContextVar("who", default="nobody")
    told: set[str] = set()

    async def in_loop() -> None:
        who.set("me")
        await stack.detect_drift_async(plugins=False, on_event=lambda _: told.add(who.get()))

    asyncio.run(in_loop())
    assert told == {"me"}


def test_an_exception_of_a_callback_ends_the_call(stack: driftmgr.Stack) -> None:
    class Enough(Exception):
        pass

    def stop(_: object) -> None:
        raise Enough

    with pytest.raises(Enough):
        stack.detect_drift(plugins=False, on_event=stop)
    with pytest.raises(Enough):
        asyncio.run(stack.detect_drift_async(plugins=False, on_event=stop))


def test_many_stacks_are_one_run(quickstart: Path, report: driftmgr.DriftReport) -> None:
    client = driftmgr.Client()
    stacks = [client.open("."), client.open("terraform.tfstate")]
    both = client.detect_drift(stacks, plugins=False)
    assert both.summary.checked == 2 * report.summary.checked
    assert {finding.target for finding in both.findings} == {".", "terraform.tfstate"}
    assert asyncio.run(client.detect_drift_async(stacks, plugins=False)) == both
    assert client.iter_drift(stacks, plugins=False).collect() == both


def test_targets_that_cannot_be_opened_are_problems(quickstart: Path, report: driftmgr.DriftReport) -> None:
    client = driftmgr.Client()
    survey = client.detect_drift_at([".", Path("nowhere")], plugins=False)
    assert survey.unopened == ("nowhere",)
    assert [stack.target for stack in survey.stacks] == ["."]
    assert [problem.kind for problem in survey.report.problems] == ["not_found"]
    assert survey.report.summary == report.summary
    again = asyncio.run(client.detect_drift_at_async([".", Path("nowhere")], plugins=False))
    assert again.report == survey.report
    with pytest.raises(FileNotFoundError):
        client.detect_drift_at(["nowhere"])


def test_reality_can_come_from_a_snapshot_or_a_state(quickstart: Path, stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    snapshot, seen = stack.snapshot(plugins=False)
    assert seen == report
    assert snapshot.info().targets[0].objects.absent == 2
    snapshot.write("now.json")
    again = driftmgr.Snapshot.read(Path("now.json"))
    assert again == snapshot
    assert stack.against_snapshot(again).summary == report.summary
    assert asyncio.run(stack.against_snapshot_async(again)).summary == report.summary
    client = driftmgr.Client()
    assert client.detect_drift_at(["."], snapshot=again).report.summary == report.summary
    assert client.drift_by_snapshot([stack], again) == stack.against_snapshot(again)
    assert asyncio.run(client.drift_by_snapshot_async([stack], again)) == stack.against_snapshot(again)
    both, _ = client.snapshot([stack, client.open("terraform.tfstate")], plugins=False)
    assert [target.target for target in both.info().targets] == [".", "terraform.tfstate"]
    assert len(asyncio.run(client.snapshot_async([stack], plugins=False))[0].info().targets) == 1

    same = stack.against_state(stack.state)
    assert same.summary.same == same.summary.checked
    assert asyncio.run(stack.against_state_async(stack.state)) == same
    assert driftmgr.Client().detect_drift_at(["."], state=stack.state).report == same


def test_a_report_can_be_written_in_every_text_format(report: driftmgr.DriftReport) -> None:
    for form in ("text", "json", "ndjson", "markdown", "html", "sarif", "junit", "github", "gitlab", "csv"):
        text = report.render(form)
        assert "local_file" in text, form
    for binary in ("arrow", "parquet"):
        assert report.render_bytes(binary)[:4] in (b"ARRO", b"PAR1")
        with pytest.raises(ValueError, match="no text"):
            report.render(binary)
    with pytest.raises(InvalidInputError, match="format"):
        report.render("pdf")  # type: ignore[arg-type]
    assert driftmgr.DriftReport.from_json(report.render("json")) == report


def test_a_baseline_hides_what_is_known(quickstart: Path, stack: driftmgr.Stack) -> None:
    # Deletions stand in it, and are shown all the same.
    report = stack.detect_drift(plugins=False)
    known = report.baseline("known.json", reason="taken over")
    assert (len(known), known.secret) == (2, 0)
    known.write()
    assert driftmgr.Baseline.read("known.json") == known
    again = stack.detect_drift(plugins=False, baseline=Path("known.json"))
    assert {rule.status for rule in again.rules} <= {"active", "refused"}
    assert again.rules
    later = again.baseline("known.json", reason="other", previous=known)
    assert {entry["reason"] for entry in later.to_dict()["entries"]} == {"taken over"}
    with pytest.raises(InvalidInputError):
        report.baseline("known.json", reason="")


def test_a_timeout_leaves_out_what_was_not_reached(stack: driftmgr.Stack, slow: Any) -> None:
    report = stack.with_reality(slow).detect_drift(timeout=timedelta(milliseconds=200))
    assert report.summary.checked == 0
    assert report.summary.unverifiable > 0
    assert not report.check()


def test_a_closed_stack_answers_no_more(quickstart: Path) -> None:
    with driftmgr.open(Path(".")) as stack:
        assert not stack.closed
    assert stack.closed
    with pytest.raises(ValueError, match="closed"):
        stack.detect_drift()
    assert stack.state.list()


def test_what_a_folder_declares_is_known(stack: driftmgr.Stack) -> None:
    assert stack.workspace.name == "default"
    assert stack.root_dir == Path(".")
    assert stack.state_path.name == "terraform.tfstate"
    configuration = stack.configuration()
    assert configuration is not None
    assert "local_file.robots" in [resource.address for resource in configuration.resources]
    assert configuration.required_providers["local"].source.endswith("hashicorp/local")
    assert [module.address for module in configuration.modules] == ["module.site"]
    assert stack.problems == ()


def test_variables_can_be_given(quickstart: Path) -> None:
    with driftmgr.open(".", variables={"pages": {"index": "Hello"}}, variable_files=[]) as stack:
        assert stack.problems == ()
    with pytest.raises(NotFoundError) as raised:
        driftmgr.open(".", workspace="other")
    assert "other" in str(raised.value)


def test_the_doctor_and_the_rules(quickstart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTMGR_CACHE_DIR", str(quickstart / "cache"))
    client = driftmgr.Client()
    diagnosis = client.doctor(["."])
    assert diagnosis.machine.version == driftmgr.__version__
    assert diagnosis.targets[0].target == "."
    assert asyncio.run(client.doctor_async(["."])).targets == diagnosis.targets
    rules = client.rules()
    assert {"aws", "azure", "google"} <= {rule.origin for rule in rules}
    assert all(rule.reason for rule in rules)
