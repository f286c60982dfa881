"""Mutations of what HTTP says around the body."""

from __future__ import annotations

from dataclasses import replace

from harness.fuzz.neutral.mutation import Draft, Mutation

_EXTENSIONS = {"name": "harness", "value": "harness=1", "quoted": 'harness="a;b, c"'}


def _chunked(draft: Draft, at: int) -> int:
    return int(at == 0 and draft.response.transfer == "chunked")


def _chunk_extension(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    extended = replace(draft.response, chunk_extension=_EXTENSIONS[form])
    return replace(draft, response=extended), f"every chunk has the extension {_EXTENSIONS[form]!r}"


MUTATIONS: tuple[Mutation, ...] = (Mutation("chunk-extension", 6, _chunked, _chunk_extension, tuple(_EXTENSIONS)),)
