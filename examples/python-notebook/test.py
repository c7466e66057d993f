"""Runs every cell of the notebook, and looks at what they show."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def shown(cell: Any, kind: str) -> str:
    """What a cell shows at last."""
    return "".join(cell.outputs[-1]["data"][kind])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "quickstart"
        shutil.copytree(HERE.parent / "quickstart", folder)
        (folder / "broken.tfstate").write_text("{")
        os.environ["DRIFT_FOLDER"] = str(folder)
        notebook = nbformat.read(HERE / "drift.ipynb", as_version=4)
        assert not any(cell.get("outputs") for cell in notebook.cells), "what it shows is not kept in the checkout"
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": name}}).execute()
        opened, objects, types, summary, findings, score, states = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert "quickstart" in shown(opened, "text/plain")
        assert shown(objects, "text/html").count("local_file.page") == 3
        assert "local_file" in shown(types, "text/html")
        assert "<th style='text-align:left'>deleted</th><td>2</td>" in shown(summary, "text/html")
        assert "the object no longer exists" in shown(findings, "text/html")
        assert "90" in shown(score, "text/html")
        assert "invalid_state" in shown(states, "text/html")
        assert "healthy" in shown(states, "text/html")


if __name__ == "__main__":
    main()
