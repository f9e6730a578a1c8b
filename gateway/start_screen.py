"""What the gateway says when it is ready: one screen."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.services import Services
from gateway.settings import Listen
from gateway.settings_load import is_loopback


def start_screen(services: Services, address: str) -> str:
    """`address` is host and port."""
    settings = services.settings
    scheme = "wss" if settings.listen.tls_certificate else "ws"
    url = f"{scheme}://{address}/v1/device"
    lines = [
        f"The gateway listens on {url}",
        f"  mind    {_mind(services)}",
        f"  ears    {services.ears.name if services.ears else 'none: devices send text (stt.engine)'}",
        f"  voice   {services.voice.name if services.voice else 'none: devices get text (tts.engine)'}",
        f"  devices {_enrolment(services)}",
    ]
    if is_loopback(settings.listen.host):
        lines.append("  reach   this machine alone; docs/gateway.md says how others reach it")
    return "\n".join([*lines, "", *_pointing(settings.listen, url)])


def _pointing(listen: Listen, url: str) -> list[str]:
    if not is_loopback(listen.host) or listen.behind_proxy:
        port = "" if listen.behind_proxy else f":{urlsplit(url).port}"
        where = "the proxy's certificate" if listen.behind_proxy else "the certificate"
        url = f"wss://NAME{port}/v1/device"
        return [f"Point a device at it, by the NAME in {where}:", f"  TWOMINDS_SYSTEM2__URL={url} make run"]
    return ["Point a device at it:", f"  TWOMINDS_SYSTEM2__URL={url} make run"]


def _mind(services: Services) -> str:
    llm = services.settings.llm
    if not llm.base_url:
        return "scripted: it only shows that the link works. Set llm.base_url for a real one"
    return f"{llm.model} at {llm.base_url}"


def _enrolment(services: Services) -> str:
    if services.settings.enrolment == "loopback":
        return "those of this machine are registered by themselves"
    return "those that were registered: .venv/bin/python -m gateway devices add KEY"
