"""Asks the service about the quick start."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
os.environ["DRIFT_STACKS"] = os.pathsep.join([str(HERE.parent / "quickstart"), str(HERE / "nowhere")])
os.environ["DRIFT_PLUGINS"] = "0"
sys.path.insert(0, str(HERE))

import httpx  # noqa: E402
from app import app  # noqa: E402


async def main() -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://drift") as http:
        assert (await http.get("/stacks")).json() == ["nowhere", "quickstart"]
        check = (await http.get("/stacks/quickstart/check")).json()
        assert (check["safe"], check["exit"]) == (False, 2)
        drift = (await http.get("/stacks/quickstart/drift")).json()
        assert drift["summary"]["deleted"] == 2
        lines = [json.loads(line) for line in (await http.get("/stacks/quickstart/drift/stream")).text.splitlines()]
        assert lines[-1] == {"summary": drift["summary"]}
        assert len(lines) == 3
        missing = await http.get("/stacks/nowhere/check")
        assert (missing.status_code, missing.json()["detail"]["kind"]) == (404, "not_found")
        assert (await http.get("/stacks/other/check")).status_code == 404


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
