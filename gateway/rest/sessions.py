"""What was said."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query

from gateway.rest.erased import Erased
from gateway.rest.problems import responses
from gateway.services import Services
from gateway.stores.ports import PastTurn, Session

SessionId = Annotated[str, Path(min_length=1, max_length=64)]


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/v1/sessions", tags=["sessions"])
    sessions = services.stores.sessions

    @router.get("", summary="Sessions, the newest first")
    async def all_sessions(device_id: Annotated[str | None, Query(max_length=64)] = None) -> list[Session]:
        return await sessions.all(device_id)

    @router.get("/{session_id}/history", summary="Its turns, oldest first", responses=responses(404))
    async def history(session_id: SessionId) -> list[PastTurn]:
        turns = await sessions.turns(session_id)
        if turns is None:
            raise HTTPException(404, "There is no such session.")
        return turns

    @router.delete("/{session_id}", summary="Erase it for good", responses=responses(404))
    async def erase(session_id: SessionId) -> Erased:
        rows = await services.stores.erasing.session(session_id)
        if not rows:
            raise HTTPException(404, "There is no such session.")
        return Erased(rows=rows)

    return router
