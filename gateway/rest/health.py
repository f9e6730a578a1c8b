"""Is it alive, and can it serve? For whoever watches over processes: no token, and nothing private."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from gateway.present import Present
from gateway.rest.problems import problem, responses
from gateway.services import Services


class Health(BaseModel):
    """`ok`."""

    status: str = "ok"


def routes(services: Services, present: Present) -> APIRouter:
    router = APIRouter(prefix="/v1/health", tags=["health"])

    @router.get("/live", summary="The process runs")
    async def live() -> Health:
        return Health()

    @router.get("/ready", summary="Devices can connect", response_model=Health, responses=responses(503))
    async def ready() -> Health | Response:
        if present.draining:
            return problem(503, "The gateway goes down.")
        await services.stores.devices.find("")
        return Health()

    return router
