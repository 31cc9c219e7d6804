"""The baseline's API: the subset of ours that the benchmarks call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
import msgspec
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from benchmarks.baseline.statements import INGEST, RECOUNT, SCHEMA, USAGE
from benchmarks.servers import KEY

_ORGANISATION: Final = "org_1"


class Event(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=255)
    customer_id: str = Field(min_length=1, max_length=255)
    event: str = Field(min_length=1, max_length=255)
    timestamp: datetime
    quantity: Decimal = Decimal(1)
    properties: dict[str, Any] = {}


# Straight from the bytes: several times faster than FastAPI's way through json.loads.
_one: Final = TypeAdapter(Event)
_many: Final = TypeAdapter(list[Event])


def create_app(database_url: str, *, pool_size: int) -> FastAPI:
    """`pool_size`: a few more than cores; with more, transactions only wait for each other."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database_url, min_size=pool_size, max_size=pool_size) as pool:
            await pool.execute(SCHEMA)
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        await app.state.pool.fetchval("SELECT 1")
        return {"status": "ready"}

    @app.post("/v1/events")
    async def post_events(request: Request) -> dict[str, int]:
        _authenticate(request)
        body = await request.body()
        events = _many.validate_json(body) if body.startswith(b"[") else [_one.validate_json(body)]
        accepted = await app.state.pool.fetchval(
            INGEST,
            _ORGANISATION,
            [event.id for event in events],
            [event.customer_id for event in events],
            [event.event for event in events],
            [event.timestamp for event in events],
            [event.quantity for event in events],
            [msgspec.json.encode(event.properties).decode() for event in events],
        )
        return {"accepted": accepted, "duplicates": len(events) - accepted, "conflicts": 0, "rejected": 0}

    @app.get("/v1/usage")
    async def get_usage(request: Request, meter: str) -> dict[str, Any]:
        _authenticate(request)
        row = await app.state.pool.fetchrow(USAGE, _ORGANISATION, meter)
        value = row["greatest"] if meter == "slowest_ms" else row["summed"]
        return {"data": [{"value": f"{value or 0:f}"}]}

    @app.get("/v1/checks")
    async def get_checks(request: Request) -> dict[str, Any]:
        _authenticate(request)
        events, counted = await app.state.pool.fetchrow(RECOUNT)
        return {"data": [{"name": "events", "ok": events == (counted or 0), "detail": f"{events}, {counted}"}]}

    return app


def _authenticate(request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {KEY}":
        raise HTTPException(401)
