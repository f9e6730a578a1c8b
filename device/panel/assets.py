"""The page's files, read once at start: no path of a request ever reaches the file system."""

from __future__ import annotations

from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def routes() -> list[Route]:
    """A route for every file in `page/`; index.html is `/`."""
    found = []
    for file in (resources.files("device.panel") / "page").iterdir():
        path = "/" if file.name == "index.html" else f"/{file.name}"
        media_type = MEDIA_TYPES[file.name.rpartition(".")[2]]
        found.append(_route(path, file.read_bytes(), media_type))
    return found


def _route(path: str, content: bytes, media_type: str) -> Route:
    async def serve(request: Request) -> Response:
        return Response(content, media_type=media_type)

    return Route(path, serve, methods=["GET"])
