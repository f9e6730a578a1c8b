"""The page on the local network: by TLS, under the names and addresses that the machine has right now."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from device.panel.certificate import Certificate, kept_certificate
from device.panel.own_names import OwnNames, own_names

log = logging.getLogger(__name__)


class Identity:
    """Who the device is there: its names and its certificate, which follow the machine's network.

    `context` always holds the certificate of now; connections that are open keep theirs.
    """

    def __init__(self, folder: Path, look: Callable[[], OwnNames] = own_names) -> None:
        """Raises OSError when nothing can be kept in `folder`."""
        self._folder = folder
        self._look = look
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self.names = look().all
        self.certificate = self._load(self.names)

    async def follow(self, every_s: float, changed: Callable[[], None]) -> None:
        """Until cancelled: `changed` is called when there are other names or another certificate.

        A full disk, or an interface that goes while it is asked, costs one look, not the device.
        """
        while True:
            await asyncio.sleep(every_s)
            try:
                if await self._is_new():
                    changed()
            except OSError as error:
                log.warning("the page's certificate cannot be made anew now, it is tried again: %s", error)

    async def _is_new(self) -> bool:
        """Raises OSError."""
        names = self._look().all
        if names == self.names and self.certificate.serves(names, _now()):
            return False
        self.certificate = await asyncio.to_thread(self._load, names)
        self.names = names
        log.info("the page is now at %s on the network", ", ".join(names))
        return True

    def _load(self, names: Sequence[str]) -> Certificate:
        """Raises OSError."""
        certificate = kept_certificate(self._folder, names, _now())
        self.context.load_cert_chain(certificate.file, certificate.key_file)
        return certificate


def _now() -> datetime:
    return datetime.now(UTC)
