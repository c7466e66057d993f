#!/usr/bin/env python3
"""Lets a deployment pass only when what it builds on is as the state says.

    gate.py [--fail-on SEVERITY] [--timeout SECONDS] TARGET…

Ends with 0 when everything was looked at and is in sync, 2 for drift, 3 when nothing drifted but something could not be looked at, 1 for errors. In
GitHub Actions the report stands in the summary of the job.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import driftmgr


def gate(targets: list[str], *, fail_on: driftmgr.results.Severity, timeout: float) -> int:
    """The exit code for the targets."""
    survey = driftmgr.Client(settings=driftmgr.Settings.load()).detect_drift_at(targets, timeout=timeout)
    report = survey.report
    check = report.check(severity=fail_on)
    print(report.render("text"))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(report.render("markdown"))
    return check.exit


def main() -> int:
    parser = argparse.ArgumentParser(description="Stop a deployment that would build on drift.")
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="the folder of a root module, or a state file")
    parser.add_argument("--fail-on", choices=("informational", "important", "critical"), default="important")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS")
    given = parser.parse_args()
    try:
        return gate(given.targets, fail_on=given.fail_on, timeout=given.timeout)
    except driftmgr.DriftmgrError as error:
        print(f"error: {error}", file=sys.stderr)
        for hint in error.hints:
            print(f"hint: {hint}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
