"""Does the steps of action.yml as a runner does them.

DRIFTMGR_WHEELS is the folder with the built wheel. A step that uses another action needs GitHub: it is counted, and not done.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
CONDITION = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")


@dataclass
class Run:
    """What one run of the action left."""

    failed: bool = False
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


class Runner:
    """Enough of a runner for actions of steps: inputs, conditions, environment, the files that steps write to."""

    def __init__(self, workspace: Path, temporary: Path, given: dict[str, str]) -> None:
        unknown = given.keys() - ACTION["inputs"].keys()
        assert not unknown, unknown
        self.workspace = workspace
        self.temporary = temporary
        self.temporary.mkdir()
        inputs = {name: given.get(name, each.get("default", "")) for name, each in ACTION["inputs"].items()}
        self.values = {f"inputs.{name}": value for name, value in inputs.items()}
        self.values["github.action_path"] = str(ROOT)
        self.path = os.environ["PATH"]

    def expand(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self.values.get(found[1], ""), text)

    def holds(self, condition: str | None) -> bool:
        if condition is None:
            return True
        found = CONDITION.fullmatch(condition)
        assert found, condition
        return (self.values.get(found[1], "") == found[3]) == (found[2] == "==")

    def run(self) -> Run:
        done = Run()
        for step in ACTION["runs"]["steps"]:
            if not self.holds(step.get("if")):
                continue
            if "uses" in step:
                done.others.append(step["uses"].split("@")[0])
                assert Path(self.workspace, self.expand(step["with"]["sarif_file"])).is_file()
                continue
            assert step["shell"] == "bash"
            if self.step(step, done) != 0:
                done.failed = True
                break
        done.outputs = {name: self.expand(each["value"]) for name, each in ACTION["outputs"].items()}
        return done

    def step(self, step: dict, done: Run) -> int:
        files = {name: self.temporary / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self.temporary / "step.sh"
        script.write_text(self.expand(step["run"]))
        environment = {
            "PATH": self.path,
            "HOME": str(self.temporary),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "PIP_FIND_LINKS": os.environ["DRIFTMGR_WHEELS"],
            "PIP_NO_INDEX": "1",
            **{name: str(file) for name, file in files.items()},
            **{name: self.expand(value) for name, value in step.get("env", {}).items()},
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        finished = subprocess.run(command, cwd=self.workspace, env=environment, capture_output=True, text=True, check=False)
        done.log += finished.stdout + finished.stderr
        done.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        self.path = ":".join([*reversed(files["GITHUB_PATH"].read_text().splitlines()), self.path])
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, value = line.split("=", 1)
            self.values[f"steps.{step['id']}.outputs.{name}"] = value
        return finished.returncode


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        workspace = root / "workspace"
        shutil.copytree(HERE.parent / "quickstart", workspace / "infra site")
        plain = {"targets": "infra site", "args": "--no-plugins"}

        runner = Runner(workspace, root / "drifted", {**plain, "upload-sarif": "true"})
        drifted = runner.run()
        assert drifted.failed, drifted.log
        assert "::warning file=" in drifted.log, drifted.log
        assert "::error title=drift::Drift: 2 of 6 objects" in drifted.log, drifted.log
        assert drifted.outputs["drifted"] == "true"
        assert drifted.outputs["summary"].startswith("Drift: 2 of 6 objects differ"), drifted.outputs
        assert "local_file.page" in drifted.summary
        assert json.loads(Path(drifted.outputs["report-path"]).read_text())["summary"]["deleted"] == 2
        assert drifted.others == ["github/codeql-action/upload-sarif"]
        sarif = json.loads((workspace / drifted.outputs["sarif-path"]).read_text())
        places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in sarif["runs"][0]["results"]]
        assert places, sarif
        assert all(place.startswith("infra%20site/") for place in places), places

        # The program is installed by now: what follows takes it from the path.
        installed = {**plain, "package": ""}

        def again(name: str, **given: str) -> Run:
            other = Runner(workspace, root / name, {**installed, **{key.replace("_", "-"): value for key, value in given.items()}})
            other.path = runner.path
            return other.run()

        tolerant = again("tolerant", fail_on="critical")
        assert not tolerant.failed, tolerant.log
        assert tolerant.outputs["drifted"] == "true"
        assert tolerant.others == []
        assert not again("never", fail_on="never").failed

        missing = again("missing", targets="nowhere")
        assert missing.failed, missing.log
        assert "::error title=driftmgr::" in missing.log, missing.log

        state = (workspace / "infra site/terraform.tfstate").read_text()
        (workspace / "empty.tfstate").write_text(state[: state.index('"resources"')] + '"resources": []}')
        clean = again("clean", targets="empty.tfstate")
        assert not clean.failed, clean.log
        assert clean.outputs["drifted"] == "false"

        foreign = state.replace("hashicorp/null", "example/other").replace('"null_resource"', '"other_thing"')
        (workspace / "foreign.tfstate").write_text(foreign[: foreign.index('"resources"')] + '"resources": ' + only(foreign, "other_thing") + "}")
        unknown = again("unknown", targets="foreign.tfstate")
        assert unknown.outputs["drifted"] == "unknown", unknown.log
        assert unknown.failed, unknown.log
        assert not again("allowed", targets="foreign.tfstate", allow_unverifiable="true").failed


def only(state: str, kind: str) -> str:
    """The resources of one type, as JSON."""
    return json.dumps([each for each in json.loads(state)["resources"] if each["type"] == kind])


if __name__ == "__main__":
    main()
