"""A small service that says whether stacks are still true.

    DRIFT_STACKS=./infra fastapi run app.py

`GET /stacks` lists the stacks, `GET /stacks/NAME/check` answers in a word, `GET /stacks/NAME/drift` gives the report, and
`GET /stacks/NAME/drift/stream` tells findings as they are found, one JSON object a line. A client that goes away ends the run that it asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

import driftmgr

# What a kind of error is in HTTP; everything else is a 500.
STATUS = {"not_found": 404, "invalid_input": 400, "permission_denied": 403, "timeout": 504, "locked": 409, "unavailable": 503}

STACKS = {Path(place).name: place for place in os.environ.get("DRIFT_STACKS", "").split(os.pathsep) if place}
PLUGINS = os.environ.get("DRIFT_PLUGINS", "1") != "0"

app = FastAPI(title="Drift")
client = driftmgr.Client()


@app.exception_handler(driftmgr.DriftmgrError)
async def failed(_: Request, error: driftmgr.DriftmgrError) -> JSONResponse:
    """An error with its kind, place and ways out; it never holds a secret."""
    detail = {"kind": error.kind, "message": error.message, "place": dict(error.context), "hints": error.hints}
    return JSONResponse({"detail": detail}, status_code=STATUS.get(error.kind, 500))


async def opened(name: str) -> driftmgr.Stack:
    """The stack of that name, as it is now."""
    if name not in STACKS:
        raise HTTPException(404, f"no stack is called {name}")
    return await client.open_async(STACKS[name])


@app.get("/stacks")
async def stacks() -> list[str]:
    return sorted(STACKS)


@app.get("/stacks/{name}/check")
async def check(name: str, timeout: float = 60) -> dict[str, Any]:
    async with await opened(name) as stack:
        return (await stack.check_async(timeout=timeout, plugins=PLUGINS)).to_dict()


@app.get("/stacks/{name}/drift")
async def drift(name: str, timeout: float = 60) -> Response:
    async with await opened(name) as stack:
        report = await stack.detect_drift_async(timeout=timeout, plugins=PLUGINS)
    return Response(report.to_json(), media_type="application/json")


@app.get("/stacks/{name}/drift/stream")
async def stream(name: str, timeout: float = 60) -> StreamingResponse:
    stack = await opened(name)

    async def lines() -> AsyncIterator[str]:
        async with stack, stack.iter_drift(timeout=timeout, plugins=PLUGINS) as found:
            async for finding in found:
                yield json.dumps({"finding": finding.to_dict()}) + "\n"
            if found.report:
                yield json.dumps({"summary": found.report.summary.to_dict()}) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
