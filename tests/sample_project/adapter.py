"""The adapter: drives pocket-chat through one case, and says what its caller sees. It judges and catches nothing."""

from collections.abc import Iterator

import pocket_chat
from harness_kit import Case, Finish, Text, ToolCall, chat, serve


def run(case: Case) -> Iterator[Text | ToolCall | Finish]:
    body = {**chat.parameters(case.request), "stream": True}
    for piece in pocket_chat.ask(case.base_url, case.api_key, body, timeout_s=case.options["timeout_s"]):
        match piece:
            case pocket_chat.Piece(text):
                yield Text(text)
            case pocket_chat.Call(index, id, name, arguments):
                yield ToolCall(index, id=id, name=name, arguments=arguments)
            case pocket_chat.Finish(reason):
                yield Finish(chat.REASONS.get(reason, "other"), raw=reason)


serve(name="pocket-chat", version="1.0.0", dialects=["openai-chat"], features=["tool_calls"], run=run)
