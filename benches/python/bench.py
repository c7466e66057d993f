#!/usr/bin/env python3
"""Opens and indexes large states: driftmgr beside what a script would use instead.

    python benches/python/bench.py [--sizes 10,100] [--runs 3] [--states 10000]

Each measurement is a process of its own, so that memory is its own too. The first answer is the sorted list of instance addresses: `json`, `orjson`
and `msgspec` parse, and build it by hand. Memory is the peak of the process less what it had after its imports. The state files are made here, with
the shape of real ones: many small objects, some larger ones, secrets, lists of blocks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

TOOLS = ("driftmgr", "json", "orjson", "msgspec")
MB = 1_000_000


def instance(chance: random.Random, number: int) -> dict[str, Any]:
    """One object, of 1 to 3 kB."""
    name = f"web-{number:06d}"
    text = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=chance.randint(100, 900)))
    return {
        "schema_version": 1,
        "attributes": {
            "ami": f"ami-{chance.getrandbits(68):017x}",
            "arn": f"arn:aws:ec2:eu-west-1:123456789012:instance/i-{number:017x}",
            "associate_public_ip_address": bool(number % 3),
            "availability_zone": f"eu-west-1{chance.choice('abc')}",
            "cpu_core_count": chance.choice([2, 4, 8, 16]),
            "ebs_block_device": [
                {"delete_on_termination": True, "device_name": f"/dev/sd{letter}", "iops": 3000, "kms_key_id": "", "volume_size": 100.5}
                for letter in "fgh"[: number % 4]
            ],
            "id": f"i-{number:017x}",
            "instance_type": chance.choice(["t3.micro", "m6i.large", "c7g.4xlarge"]),
            "private_ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "tags": {"Name": name, "env": chance.choice(["prod", "stage"]), "owner": f"team-{number % 40}"},
            "user_data": text,
            "vpc_security_group_ids": [f"sg-{chance.getrandbits(68):017x}" for _ in range(1 + number % 3)],
        },
        "sensitive_attributes": [[{"type": "get_attr", "value": "user_data"}]] if number % 5 == 0 else [],
        "private": "eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==",
        "dependencies": ["aws_subnet.main", "aws_vpc.main", "module.network.aws_security_group.web"],
    }


def resource(chance: random.Random, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "mode": "managed",
        "type": "aws_instance",
        "name": f"web_{number}",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [],
    }
    if number % 2:
        made = {"module": f"module.team[{number % 40}].module.app", **made}
    count = chance.choice([1, 1, 2, 4])
    for index in range(count):
        key = {"index_key": index} if count > 1 else {}
        made["instances"].append({**key, **instance(chance, number * 4 + index)})
    return made


def make_state(path: Path, size: int) -> None:
    """A state of about so many bytes, laid out as Terraform lays it out."""
    chance = random.Random(size)
    head = {"version": 4, "terraform_version": "1.9.8", "serial": 41, "lineage": "0f0e0d0c-1111-2222-3333-444455556666", "outputs": {}}
    with path.open("w") as file:
        file.write(json.dumps(head, indent=2)[:-2] + ',\n  "resources": [\n')
        written, number = 0, 0
        while written < size:
            text = ("" if number == 0 else ",\n") + json.dumps(resource(chance, number), indent=2)
            file.write(text)
            written += len(text)
            number += 1
        file.write('\n  ],\n  "check_results": null\n}\n')


def addresses(state: dict[str, Any]) -> list[str]:
    """What has to be written by hand where nobody knows what a state means."""
    found = []
    for each in state["resources"]:
        module = each.get("module")
        data = "data." if each["mode"] == "data" else ""
        base = f"{module + '.' if module else ''}{data}{each['type']}.{each['name']}"
        for instance in each["instances"]:
            key = instance.get("index_key")
            found.append(base if key is None else f"{base}[{json.dumps(key)}]")
    return sorted(found)


def peak() -> int:
    """The most memory this process has had, in bytes. The kernel's mark is reset after the imports, where it can be."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def child(tool: str, path: str) -> None:
    """One measurement: seconds to the first answer, bytes of memory for it, how many addresses."""
    if tool == "driftmgr":
        import driftmgr

        def answer() -> list[str]:
            return driftmgr.State.read(path).list()

    elif tool == "json":

        def answer() -> list[str]:
            with open(path, "rb") as file:
                return addresses(json.load(file))

    else:
        loads = __import__("orjson").loads if tool == "orjson" else __import__("msgspec").json.decode

        def answer() -> list[str]:
            with open(path, "rb") as file:
                return addresses(loads(file.read()))

    reset_peak()
    before = peak()
    start = perf_counter()
    count = len(answer())
    seconds = perf_counter() - start
    print(json.dumps({"seconds": seconds, "bytes": peak() - before, "addresses": count}))


def measure(tool: str, path: Path, runs: int) -> dict[str, Any]:
    results = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--child", tool, str(path)]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        results.append(json.loads(told.stdout))
    return {
        "seconds": statistics.median(each["seconds"] for each in results),
        "bytes": max(each["bytes"] for each in results),
        "addresses": results[0]["addresses"],
    }


def many(folder: Path, count: int) -> list[tuple[str, float]]:
    """Many small states from disk: an event loop and threads of driftmgr, beside a thread pool with orjson."""
    import orjson

    import driftmgr

    paths = [folder / f"{number}.tfstate" for number in range(count)]
    for number, path in enumerate(paths):
        make_state(path, 20_000 + number % 7)

    async def in_loop() -> int:
        limit = asyncio.Semaphore(64)

        async def one(path: Path) -> int:
            async with limit:
                return len((await driftmgr.State.read_async(path)).list())

        return sum(await asyncio.gather(*map(one, paths)))

    def by_orjson(path: Path) -> int:
        return len(addresses(orjson.loads(path.read_bytes())))

    def pooled(work: Any) -> int:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return sum(pool.map(work, paths))

    rows = []
    counts = set()
    for name, work in (
        ("driftmgr, asyncio", lambda: asyncio.run(in_loop())),
        ("driftmgr, threads", lambda: pooled(lambda path: len(driftmgr.State.read(path).list()))),
        ("orjson, threads", lambda: pooled(by_orjson)),
    ):
        start = perf_counter()
        counts.add(work())
        rows.append((name, perf_counter() - start))
    if len(counts) != 1:
        raise SystemExit(f"the tools do not agree: {counts}")
    return rows


def overhead() -> float:
    """Seconds of one cheap call of the binding."""
    import driftmgr

    state = driftmgr.State.parse('{"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": []}')
    calls = 200_000
    start = perf_counter()
    for _ in range(calls):
        state.serial  # noqa: B018
    return (perf_counter() - start) / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--sizes", default="10,100", help="sizes of states in MB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--states", type=int, default=10_000, help="how many small states to read from disk; 0 for none")
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    print(f"CPython {platform.python_version()}, {os.cpu_count()} processors\n")
    with tempfile.TemporaryDirectory() as name:
        for size in map(int, given.sizes.split(",")):
            path = Path(name) / f"{size}.tfstate"
            make_state(path, size * MB)
            # The largest ones say the same every time.
            runs = given.runs if size < 50 else 1
            rows = {tool: measure(tool, path, runs) for tool in TOOLS}
            if len({row["addresses"] for row in rows.values()}) != 1:
                raise SystemExit(f"the tools do not agree: {rows}")
            best = rows["driftmgr"]
            print(
                f"| {path.stat().st_size / MB:.0f} MB, {best['addresses']} objects | seconds | beside | memory, MB | beside |\n|---|---|---|---|---|"
            )
            for tool, row in rows.items():
                times, memory = row["seconds"] / best["seconds"], row["bytes"] / best["bytes"]
                print(f"| {tool} | {row['seconds']:.3f} | {times:.1f}x | {row['bytes'] / MB:.0f} | {memory:.1f}x |")
            print()
            path.unlink()
        if given.states:
            print(f"| {given.states} states of 20 kB | seconds |\n|---|---|")
            for row, seconds in many(Path(name), given.states):
                print(f"| {row} | {seconds:.2f} |")
            print()
    print(f"A cheap call of the binding takes {overhead() * 1e9:.0f} ns.")


if __name__ == "__main__":
    main()
