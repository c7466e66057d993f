"""Whoever stops waiting stops the core: Ctrl-C, a cancelled task, a closed stack."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import Slow
from test_states import V4

import driftmgr

PROGRAM = """
import os, signal, threading, driftmgr

# Who is started in the background of a shell ignores interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Slow(driftmgr.Reality):
    go = threading.Event()
    def observe(self, address, attributes):
        os.write(1, b"asked\\n")
        self.go.wait(60)
        return attributes

try:
    with driftmgr.open(".") as stack:
        slow = stack.with_reality(Slow())
        {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    Slow.go.set()
    # It still works.
    with driftmgr.open(".") as stack:
        print(stack.detect_drift(plugins=False).summary.deleted, flush=True)
"""


@pytest.mark.parametrize("call", ["slow.detect_drift()", "list(slow.iter_drift())", "import asyncio; asyncio.run(slow.detect_drift_async())"])
def test_an_interrupt_ends_a_blocking_call(quickstart: Path, call: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM.format(call=call)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        # asyncio does not notice a signal that comes in the instant before it begins to wait.
        time.sleep(0.5)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert rest.replace("asked\n", "") == "interrupted\n2\n"
    assert process.returncode == 0
    assert time.monotonic() - started < 10


def test_a_cancelled_task_cancels_the_core(tmp_path: Path, slow: Slow) -> None:
    resource = V4["resources"][0]
    instances = [dict(resource["instances"][0], index_key=key) for key in range(2000)]
    state = tmp_path / "many.tfstate"
    state.write_text(json.dumps(V4 | {"resources": [resource | {"instances": instances}]}))
    stack = driftmgr.open(state).with_reality(slow)

    async def cancelled() -> None:
        task = asyncio.create_task(stack.detect_drift_async())
        await asyncio.to_thread(slow.asked.acquire, timeout=30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    slow.go.set()
    # Had the run gone on, it would ask for all of them now.
    time.sleep(1)
    asked = 1
    while slow.asked.acquire(blocking=False):
        asked += 1
    assert asked <= 300


def test_a_timeout_of_asyncio_is_a_cancellation(stack: driftmgr.Stack, slow: Slow) -> None:
    async def limited() -> None:
        async with asyncio.timeout(0.2):
            await stack.with_reality(slow).detect_drift_async()

    with pytest.raises(TimeoutError):
        asyncio.run(limited())


def test_one_of_many_tasks_can_be_cancelled(stack: driftmgr.Stack, slow: Slow) -> None:
    async def both() -> driftmgr.DriftReport:
        stuck = asyncio.create_task(stack.with_reality(slow).detect_drift_async())
        other = asyncio.create_task(stack.detect_drift_async(plugins=False))
        report = await other
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        return report

    assert asyncio.run(both()).summary.deleted == 2


def test_a_closed_stack_ends_what_it_is_doing(quickstart: Path, slow: Slow) -> None:
    stack = driftmgr.open(".")

    def close() -> None:
        slow.asked.acquire(timeout=30)
        stack.close()

    thread = threading.Thread(target=close)
    thread.start()
    report = stack.with_reality(slow).detect_drift()
    thread.join()
    assert report.summary.checked == 0
    assert {left_out.kind for left_out in report.not_looked_at} == {"unverifiable"}
    with pytest.raises(ValueError, match="closed"):
        stack.check()


def test_a_stream_that_nobody_reads_ends(stack: driftmgr.Stack, slow: Slow) -> None:
    with stack.with_reality(slow).iter_drift() as stream:
        pass
    assert list(stream) == []
    assert stream.report is not None
    assert stream.report.summary.checked == 0

    async def broken_off() -> None:
        async with stack.with_reality(slow).iter_drift() as stream:
            task = asyncio.ensure_future(anext(stream))
            await asyncio.to_thread(slow.asked.acquire, timeout=30)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(broken_off())


def test_cancelling_at_any_time_is_safe(stack: driftmgr.Stack) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)

    async def once(wait: float) -> bool:
        task = asyncio.create_task(stack.detect_drift_async(plugins=False, on_event=lambda _: None))
        await asyncio.sleep(wait)
        task.cancel()
        try:
            assert (await task).summary.deleted == 2
        except asyncio.CancelledError:
            return True
        return False

    async def many() -> list[bool]:
        return [await once(chance.random() * 0.02) for _ in range(200)]

    ended = asyncio.run(many())
    assert any(ended), f"seed {seed}"
    assert stack.check(plugins=False).exit == 2


def test_a_loop_that_closes_first_does_no_harm(stack: driftmgr.Stack, slow: Slow) -> None:
    loop = asyncio.new_event_loop()
    task = loop.create_task(stack.with_reality(slow).detect_drift_async())
    loop.run_until_complete(asyncio.sleep(0.05))
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    slow.go.set()
    time.sleep(0.2)
    assert stack.check(plugins=False).exit == 2
