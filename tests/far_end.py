"""A gateway at the far end of a cable (`tests.namespaces`), with ears and a voice that cost nothing.

`python -m tests.far_end DATA HOST CERTIFICATE PUBLIC_KEY`: prints host and port when ready; ends with its
input. CERTIFICATE holds the key, too.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from gateway.cli import main as gateway
from tests.gateway.openai_server import openai_server
from tests.gateway.process import running_gateway


def main(data: str, host: str, certificate: str, public_key: str) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        gateway(["devices", "add", public_key], {"GATEWAY_DATA": data})
    with (
        openai_server() as speech,
        running_gateway(
            Path(data),
            listen__host=host,
            listen__tls_certificate=certificate,
            listen__tls_key=certificate,
            stt__engine="remote",
            stt__base_url=speech.url,
            stt__model="any",
            tts__engine="espeak",
        ) as running,
    ):
        print(running.host, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
