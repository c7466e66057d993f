#!/usr/bin/env python3
"""Checks all states below a folder for drift, over a Ray cluster, and leaves a Parquet dataset with a row for each.

    drift_check.py [--address ADDRESS] [--no-plugins] FOLDER OUT

Ends like `driftmgr check`: 1 when a state could not be read, 2 for drift, 3 when something could not be looked at, 0 when all is as the states say.
"""

from __future__ import annotations

import argparse
from collections import Counter

import pyarrow.dataset
import ray

import driftmgr.ray
from driftmgr import fleet


def check(folder: str, out: str, *, plugins: bool) -> int:
    """Writes the rows, and answers with the exit code for all of them."""
    job = fleet.Drift(options={"plugins": plugins})
    driftmgr.ray.run(job, fleet.listing(folder)).write_parquet(out)
    # Read back: a dataset is computed each time it is asked, and this one asks reality.
    rows = pyarrow.dataset.dataset(out).to_table(columns=["input", "exit", "error"]).to_pylist()
    for row in sorted((row for row in rows if row["error"]), key=lambda row: str(row["input"]))[:20]:
        print(f"{row['input']}: {row['error']['message']}")
    counts = Counter(row["exit"] for row in rows)
    print(f"{len(rows)} states: {counts[0]} in sync, {counts[2]} drifted, {counts[3]} open, {counts[1]} not read")
    return next((code for code in (1, 2, 3) if code in counts), 0)


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the states below a folder for drift, over a Ray cluster.")
    parser.add_argument("folder", help="what every machine of the cluster sees")
    parser.add_argument("out", help="a folder or URL for Parquet files")
    parser.add_argument("--address", help="the cluster; one on this machine unless given")
    parser.add_argument("--no-plugins", action="store_true", help="run no provider plugins")
    given = parser.parse_args()
    ray.init(address=given.address, include_dashboard=False, log_to_driver=False)
    return check(given.folder, given.out, plugins=not given.no_plugins)


if __name__ == "__main__":
    raise SystemExit(main())
