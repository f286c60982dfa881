"""What the readers of requests share: values whose type the client may have got wrong, images, ids that pair up.

Reading is total: whatever a body holds, a request comes out. What the canonical request has no word for is left out:
hosted tools, files and images that the vendor keeps; a dialect's `unread` names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

from harness.dialects.decoding import as_dict, as_list, as_str, compact_json, read_json
from harness.request import FilePart, ImagePart, Message, NamedTool, Part, ReasoningSettings, ResponseFormat, Tool
from harness.transcript import MADE_ID_PREFIX

_DATA_URL = re.compile(r"data:(?P<type>[^;,]*)(?:;[^;,]*)*?;base64,(?P<data>.*)", re.DOTALL | re.IGNORECASE)
_EFFORTS: dict[str, Any] = {
    word: word for option in get_args(get_type_hints(ReasoningSettings)["effort"]) for word in get_args(option)
}


def read_body(body: bytes) -> dict[str, Any]:
    """The request's object, empty where there is none."""
    return as_dict(read_json(body))


def number(value: Any) -> float | None:
    """A number as it stands, else None; a boolean is none."""
    return value if type(value) in (int, float) else None


def whole(value: Any) -> int | None:
    """A whole number; `9.0` is 9."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def flag(value: Any) -> bool | None:
    """True or false, else None."""
    return value if type(value) is bool else None


def texts(value: Any) -> list[str] | None:
    """A list of texts, where a lone text is one; None where there is none."""
    if type(value) is str:
        return [value]
    return [one for one in as_list(value) if type(one) is str] or None


def effort(word: Any, budget: int | None = None) -> ReasoningSettings | None:
    """Reasoning settings with a known effort word, a budget, or both; None where neither is said."""
    known = _EFFORTS.get(as_str(word).lower())
    if known is None and budget is None:
        return None
    return ReasoningSettings(effort=known, budget_tokens=budget)


def joined(content: Any, between: str = "") -> str:
    """A text, or the texts of a list of parts, in one."""
    if type(content) is str:
        return content
    return between.join(as_str(as_dict(part).get("text")) for part in as_list(content) if as_dict(part).get("text"))


def image(url: Any, detail: Any = None) -> ImagePart | None:
    """The image that a data URL holds or that is at another URL; None where there is none."""
    text = as_str(url).strip()
    closely: Any = detail if detail in ("auto", "low", "high") else None
    if found := _DATA_URL.fullmatch(text):
        return ImagePart(found["type"].lower(), found["data"], detail=closely)
    return ImagePart(url=text, detail=closely) if text else None


def file(url: Any, name: Any = None) -> FilePart | None:
    """The file that a data URL holds or that is at another URL; bare base64 is a PDF, as its vendor takes it."""
    text, called = as_str(url).strip(), as_str(name) or None
    if found := _DATA_URL.fullmatch(text):
        return FilePart(found["type"].lower(), found["data"], name=called)
    if text and "://" not in text[:40]:
        return FilePart("application/pdf", text, name=called)
    return FilePart(url=text, name=called) if text else None


def medium(media_type: str, data: str = "", url: str | None = None, name: str | None = None) -> ImagePart | FilePart:
    """An image or a file, by its type."""
    if media_type.startswith("image/"):
        return ImagePart(media_type, data, url)
    return FilePart(media_type, data, url, name)


def json_schema(holder: Mapping[str, Any]) -> ResponseFormat:
    """The form of an answer that `name`, `schema` and `strict` say."""
    name, schema = as_str(holder.get("name")) or None, as_dict(holder.get("schema"))
    return ResponseFormat("json_schema", schema, name, flag(holder.get("strict")))


def several(value: Any) -> int | None:
    """How many answers are wanted, where it is more than the one that there always is."""
    count = whole(value)
    return count if count is not None and count > 1 else None


def words(value: Any) -> dict[str, str] | None:
    """The texts of an object, None where there are none."""
    return {name: text for name, text in as_dict(value).items() if type(text) is str} or None


def arguments(value: Any) -> str:
    """The JSON text of a call's arguments: a text as it is, an object compact, nothing as an empty object."""
    if type(value) is str:
        return value
    return "{}" if value is None else compact_json(value)


def content_text(value: Any) -> str:
    """What a tool said: a text as it is, anything else as JSON, nothing as an empty text."""
    if type(value) is str:
        return value
    return "" if value is None else compact_json(value)


def function(holder: Mapping[str, Any], schema: str = "parameters") -> Tool | None:
    """A tool by its name, description and schema; None where it has no name."""
    name = as_str(holder.get("name"))
    if not name:
        return None
    described, form = as_str(holder.get("description")) or None, as_dict(holder.get(schema)) or None
    return Tool(name, described, form, holder.get("strict") is True or None)


def named(name: Any) -> NamedTool | None:
    """The choice of that tool, where the name is one."""
    return NamedTool(name) if type(name) is str and name else None


def instructions(messages: list[Message]) -> tuple[str | None, list[Message]]:
    """The text of a system message that begins the talk, apart from the other messages."""
    if messages and messages[0].role == "system":
        return "".join(getattr(part, "text", "") for part in messages[0].content) or None, messages[1:]
    return None, messages


def add(messages: list[Message], role: Any, parts: list[Part]) -> None:
    """Put parts to the end of a talk: to its last message where that has the same role."""
    if messages and messages[-1].role == role:
        messages[-1].content.extend(parts)
    elif parts:
        messages.append(Message(role, list(parts)))


class Pairs:
    """Which call a result answers, where the dialect may do without ids: by its id, else by name, else in turn."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []  # id and name of the calls without a result
        self._made = 0

    def call(self, id: Any, name: str) -> str:
        """The id of a call: its own, or one that is made."""
        own = as_str(id)
        if not own:
            own = f"{MADE_ID_PREFIX}{self._made}"
            self._made += 1
        self._open.append((own, name))
        return own

    def result(self, id: Any, name: str) -> str:
        """The id of the call that a result answers; where there is none, what the result says itself.

        An id that no call has is that of a call which came without one.
        """
        own = as_str(id)
        found = next((call for call in self._open if call[0] == own), None)
        if found is None:
            nameless = [call for call in self._open if not own or call[0].startswith(MADE_ID_PREFIX)]
            found = next((call for call in nameless if name in ("", call[1])), None)
        if found is None:
            return own or name
        self._open.remove(found)
        return found[0]
