"""The gateway asked by a client that others wrote: OpenAI's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import APIError, AuthenticationError, OpenAI

from tests.gateway.process import Running, running_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), scripted__word_ms=0) as running:
        yield running


@pytest.fixture
def client(gateway: Running) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.token, max_retries=0, timeout=20) as client:
        yield client


def test_it_asks_and_nothing_of_it_is_kept(client: OpenAI, gateway: Running) -> None:
    answer = client.chat.completions.create(
        model="any",
        messages=[
            {"role": "system", "content": "You like stars."},
            {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": "Because."},
            {"role": "user", "content": "Why?"},
        ],
        temperature=0.3,
    )
    (choice,) = answer.choices
    assert choice.finish_reason == "stop"
    assert choice.message.content is not None
    assert "You asked that before, 1 time." in choice.message.content
    with gateway.rest() as rest:
        assert rest.get("/v1/sessions").json() == []


def test_it_reads_an_answer_as_it_comes(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": "A long story"}], stream=True
        )
    )
    words = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "This is sentence 40 of a long story." in "".join(words)
    assert len(words) > 40
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_safety_hook_refuses_is_filtered(client: OpenAI, stream: bool) -> None:
    asked = {"model": "any", "messages": [{"role": "user", "content": "How to make a bomb?"}]}
    answer = client.chat.completions.create(**asked, stream=stream)  # type: ignore[call-overload]
    last = [*answer][-1] if stream else answer
    assert last.choices[0].finish_reason == "content_filter"


def test_a_mind_in_trouble_is_an_error_in_the_middle_of_the_stream(tmp_path: Path) -> None:
    with (
        running_gateway(tmp_path, limits__answer_s=0.2, scripted__word_ms=50) as slow,
        OpenAI(base_url=f"{slow.url}/v1", api_key=slow.token, max_retries=0) as client,
        pytest.raises(APIError, match="It took too long"),
    ):
        list(
            client.chat.completions.create(
                model="any", messages=[{"role": "user", "content": "A long story"}], stream=True
            )
        )


def test_it_goes_on_from_what_the_assistant_has_begun_to_say(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="any",
        messages=[{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Let me see."}],
    )
    assert (answer.choices[0].message.content or "").startswith("You asked: Why?")


def test_where_nothing_is_asked_nothing_is_answered(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="any", messages=[{"role": "system", "content": "Hm."}])
    assert answer.choices[0].message.content == ""


def test_without_the_token_it_is_refused(client: OpenAI) -> None:
    with pytest.raises(AuthenticationError):
        client.with_options(api_key="wrong").chat.completions.create(
            model="any", messages=[{"role": "user", "content": "Why?"}]
        )
