"""Somebody may be in need: what devices said, and who has seen it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query

from gateway.rest.problems import responses
from gateway.services import Services
from gateway.stores.ports import KeptAlert

Number = Annotated[int, Path(ge=1, lt=1 << 53)]


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/v1/alerts", tags=["alerts"])
    alerts = services.stores.alerts

    @router.get("", summary="Alerts of all devices or of one, the newest first")
    async def all_alerts(
        device_id: Annotated[str | None, Query(max_length=64)] = None, unseen: bool = False
    ) -> list[KeptAlert]:
        return await alerts.newest(device_id, unseen)

    @router.post(
        "/{number}/seen", status_code=204, summary="An operator has seen it", responses=responses(404)
    )
    async def seen(number: Number) -> None:
        if not await alerts.seen(number):
            raise HTTPException(404, "There is no such alert.")
        services.metrics.alerts.labels("seen").inc()

    return router
