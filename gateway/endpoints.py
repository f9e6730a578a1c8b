"""Clients for endpoints that speak OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from openai import AsyncOpenAI

from device.errors import SettingsError
from gateway.settings import Remote
from gateway.settings_load import secret

NO_KEY = "none"
"""What endpoints without a key are sent, because the library wants one."""
READ_S = 30.0


def client(of: Remote, table: str, env: Mapping[str, str]) -> AsyncOpenAI:
    """For the endpoint of a table of the settings. Raises SettingsError."""
    if not of.base_url:
        raise SettingsError(f"{table}.base_url is empty: set where the endpoint is, up to /v1.")
    if urlsplit(of.base_url).scheme not in ("http", "https") or not urlsplit(of.base_url).hostname:
        raise SettingsError(f"{table}.base_url is {of.base_url!r}: write it like http://127.0.0.1:8000/v1.")
    if not of.model:
        raise SettingsError(f"{table}.model is empty: set the model as the endpoint names it.")
    return AsyncOpenAI(base_url=of.base_url, api_key=secret(of, env) or NO_KEY, timeout=READ_S, max_retries=1)
