"""What of a generateContent request is read; everything else is named. Field names are those in camel case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.dialects.base import Loss
from harness.dialects.decoding import as_dict, as_list, read_json
from harness.dialects.unread import READ, Each, Grammar, Kinds, Only, unread_of

_SIGNED: dict[str, Grammar] = {"thought": READ, "thoughtSignature": READ}
_PART = Kinds(
    {
        "functionCall": {**_SIGNED, "functionCall": {"id": READ, "name": READ, "args": READ}},
        "functionResponse": {**_SIGNED, "functionResponse": {"id": READ, "name": READ, "response": READ}},
        "inlineData": {**_SIGNED, "inlineData": {"mimeType": READ, "data": READ, "displayName": READ}},
        "fileData": {**_SIGNED, "fileData": {"mimeType": READ, "fileUri": READ}},
        "text": {**_SIGNED, "text": READ},
        "thoughtSignature": _SIGNED,
    },
    field=None,
)
_DECLARATION: Grammar = dict.fromkeys(("name", "description", "parameters", "parametersJsonSchema"), READ)
_SETTINGS: Grammar = {
    **dict.fromkeys(
        ("maxOutputTokens", "temperature", "topP", "topK", "stopSequences", "seed", "presencePenalty",
         "frequencyPenalty", "candidateCount", "responseSchema", "responseJsonSchema"),
        READ,
    ),
    "thinkingConfig": {"thinkingBudget": READ, "thinkingLevel": READ, "includeThoughts": READ},
    "responseMimeType": Only(("application/json", "text/plain")),
    "responseModalities": Only((["TEXT"], ["text"])),
}  # fmt: skip
_BODY: Grammar = {
    "model": READ,
    "contents": Each({"role": READ, "parts": Each(_PART)}),
    "systemInstruction": {"role": READ, "parts": Each(Kinds({"text": {"text": READ}}, field=None))},
    "tools": Each(
        Kinds({"functionDeclarations": {"functionDeclarations": Each(_DECLARATION)}}, field=None),
    ),
    "toolConfig": {"functionCallingConfig": {"mode": READ, "allowedFunctionNames": READ}},
    "generationConfig": _SETTINGS,
}


def unread(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Loss, ...]:
    """What of the request the canonical request has no word for; a choice among several tools is one such thing."""
    asked = read_json(body)
    names = _allowed(as_dict(asked))
    several = (Loss("unread-allowedFunctionNames", f"{len(names)} tools"),) if len(names) > 1 else ()
    return (*unread_of(asked, _BODY), *several)


def _allowed(asked: Mapping[str, Any]) -> list[Any]:
    config = as_dict(asked.get("toolConfig", asked.get("tool_config")))
    calling = as_dict(config.get("functionCallingConfig", config.get("function_calling_config")))
    return as_list(calling.get("allowedFunctionNames", calling.get("allowed_function_names")))
