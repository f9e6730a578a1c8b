"""Who may connect."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, Field

from device.errors import LinkError
from gateway import proof
from gateway.rest.erased import Erased
from gateway.rest.problems import responses
from gateway.services import Services
from gateway.stores.ports import Device, KeptReport

DeviceId = Annotated[str, Path(min_length=1, max_length=64)]


class NewDevice(BaseModel):
    """A device that may connect from now on."""

    public_key: str = Field(pattern="^[A-Za-z0-9_-]{43}$", description="Ed25519, URL-safe base64, no padding")
    name: str = Field("", max_length=128)


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/v1/devices", tags=["devices"])
    registry = services.stores.devices

    @router.get("", summary="Every device that was ever registered")
    async def all_devices() -> list[Device]:
        return await registry.all()

    @router.post("", status_code=201, summary="Register a device, also one that was revoked")
    async def add(device: NewDevice) -> Device:
        try:
            device_id = proof.device_id(proof.key_bytes(device.public_key))
        except LinkError as error:
            raise HTTPException(422, str(error)) from error
        return await registry.add(device_id, device.public_key, device.name)

    @router.post(
        "/{device_id}/revoke", status_code=204, summary="Let it in no more", responses=responses(404)
    )
    async def revoke(device_id: DeviceId) -> None:
        if not await registry.revoke(device_id):
            raise HTTPException(404, "There is no such device.")

    @router.get("/{device_id}/reports", summary="What it told beside the conversation, the newest first")
    async def reports(device_id: DeviceId) -> list[KeptReport]:
        return await services.stores.reports.newest(device_id)

    @router.delete("/{device_id}/data", summary="Erase its sessions, history, reports and questions for good")
    async def erase(device_id: DeviceId) -> Erased:
        return Erased(rows=await services.stores.erasing.device(device_id))

    return router
