"""The vendors' own SDKs under a careful caller: the SDK finds the events, the caller asks what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import anthropic
import httpx2
import openai

from harness.events import AnyEvent
from harness.fuzz.outcome import Outcome
from harness.fuzz.stream import Stream
from harness.systems.base import Description
from harness.wire.response import WireResponse
from tests.mutants.decoders import answers
from tests.mutants.decoders.pipeline import Message
from tests.mutants.decoders.subject import outcome_of, reads_of

PROMPT = [{"role": "user", "content": "Hi"}]


class _Player(httpx2.BaseTransport):
    """Answers every request with the response that is in the player."""

    def __init__(self) -> None:
        self.response: WireResponse | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert self.response is not None
        given = self.response.accepted_by(request.headers.get("accept-encoding"))
        headers = [(name.encode(), value.encode()) for name, value in given.headers]
        return httpx2.Response(given.status, headers=headers, stream=_Body(given), request=request)


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: WireResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from reads_of(self._response)
        except ConnectionError as lost:
            raise httpx2.RemoteProtocolError(str(lost)) from lost


class SdkSubject:
    """A `Subject` (harness.fuzz.subject) that is one call of an SDK; its client is kept from one stream to the next."""

    def __init__(self, spec: str, dialect: str, ask: Callable[[httpx2.Client], Iterable[AnyEvent]]) -> None:
        self.spec = spec
        self.description = Description(spec, "0", "python", (dialect,))
        self._dialect, self._ask = dialect, ask
        self._player = _Player()
        self._http = httpx2.Client(transport=self._player)

    def takes(self, stream: Stream) -> bool:
        """It speaks one dialect."""
        return stream.dialect == self._dialect

    def outcome(self, stream: Stream, response: WireResponse) -> Outcome:
        """What the caller gets."""
        self._player.response = response
        return outcome_of(self._dialect, lambda: self._ask(self._http))

    def outcomes(self, stream: Stream, responses: Sequence[WireResponse]) -> list[Outcome]:
        """One after the other: nothing waits."""
        return [self.outcome(stream, response) for response in responses]

    def close(self) -> None:
        """Closes the client."""
        self._http.close()


def openai_chat() -> SdkSubject:
    """OpenAI's SDK and a chat completion."""

    def ask(http: httpx2.Client) -> Iterator[AnyEvent]:
        sdk = openai.OpenAI(api_key="k", base_url="http://origin/v1", max_retries=0, http_client=http)
        create: Any = sdk.chat.completions.create
        return answers.openai_chat(_messages(create(model="m", messages=PROMPT, stream=True)))

    return SdkSubject("openai-sdk", "openai-chat", ask)


def openai_responses() -> SdkSubject:
    """OpenAI's SDK and a response."""

    def ask(http: httpx2.Client) -> Iterator[AnyEvent]:
        sdk = openai.OpenAI(api_key="k", base_url="http://origin/v1", max_retries=0, http_client=http)
        return answers.openai_responses(_messages(sdk.responses.create(model="m", input="Hi", stream=True)))

    return SdkSubject("openai-sdk-responses", "openai-responses", ask)


def anthropic_messages() -> SdkSubject:
    """Anthropic's SDK and a message."""

    def ask(http: httpx2.Client) -> Iterator[AnyEvent]:
        sdk = anthropic.Anthropic(api_key="k", base_url="http://origin", max_retries=0, http_client=http)
        create: Any = sdk.messages.create
        return answers.anthropic_messages(_messages(create(model="m", max_tokens=9, messages=PROMPT, stream=True)))

    return SdkSubject("anthropic-sdk", "anthropic-messages", ask)


def _messages(events: Iterable[Any]) -> Iterator[Message]:
    return (Message(None, event.model_dump_json(warnings=False)) for event in events)
