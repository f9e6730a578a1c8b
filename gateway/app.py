"""The ASGI application: the devices' WebSocket, REST, metrics."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Response, WebSocket
from prometheus_client import CONTENT_TYPE_LATEST

from device import __version__
from gateway.present import Present
from gateway.rest import alerts, chat, completions, devices, health, problems, sessions
from gateway.rest.guard import BodyLimit, Guard
from gateway.services import Services


def make_app(services: Services, present: Present, token: str) -> FastAPI:
    """Everything that the gateway answers. No CORS: no page of somebody else's may ask."""
    app = FastAPI(
        title="twominds gateway",
        version=__version__,
        summary="System 2 for many devices.",
        redoc_url=None,
        docs_url=None,
        openapi_url="/v1/openapi.json",
    )
    problems.install(app)
    app.add_middleware(BodyLimit, longest_bytes=services.settings.limits.body_bytes)
    app.include_router(health.routes(services, present))
    guarded = [Depends(Guard(token))]
    for part in (devices, alerts, sessions, chat, completions):
        app.include_router(
            part.routes(services), dependencies=guarded, responses=problems.responses(400, 401, 413, 422)
        )

    @app.get("/metrics", dependencies=guarded, include_in_schema=False)
    async def metrics() -> Response:
        return Response(services.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    @app.websocket("/v1/device")
    async def device(websocket: WebSocket) -> None:
        await present.serve(websocket)

    return app
