"""Mutations of what HTTP says around the body (RFC 9110 and RFC 9112)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.fuzz.neutral.mutation import Draft, Mutation
from harness.wire.content_coding import Coding, encoded
from harness.wire.response import Chunk, HeaderCase, Transfer, WireResponse

_EXTENSIONS = {"name": "harness", "value": "harness=1", "quoted": 'harness="a;b,c"'}
_CODINGS: tuple[Coding, ...] = ("gzip", "deflate", "br", "zstd")


def _chunked(draft: Draft, at: int) -> int:
    return int(at == 0 and draft.response.transfer == "chunked")


def _always(draft: Draft, at: int) -> int:
    return int(at == 0)


def _chunk_extension(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    changed = _everywhere(draft.response, lambda each: replace(each, chunk_extension=_EXTENSIONS[form]))
    return replace(draft, response=changed), f"every chunk has the extension {_EXTENSIONS[form]!r}"


def _header_case(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    case: HeaderCase = "upper" if form == "upper" else "title"
    changed = _everywhere(draft.response, lambda each: replace(each, header_case=case))
    return replace(draft, response=changed), f"the names of the headers in {form} case"


def _typed(draft: Draft, at: int) -> int:
    return int(at == 0 and draft.response.header("content-type") is not None)


def _content_type(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    plain = (draft.response.header("content-type") or "").partition(";")[0]
    media_type = f"{plain}; charset=utf-8" if form == "parameter" else plain.title()
    changed = _everywhere(draft.response, lambda each: _of_type(each, media_type))
    return replace(draft, response=changed), f"the content type is {media_type!r}"


def _of_type(response: WireResponse, media_type: str) -> WireResponse:
    headers = ((name, media_type if name == "content-type" else value) for name, value in response.headers)
    return replace(response, headers=tuple(headers))


def _whole_chunked(draft: Draft, at: int) -> int:
    return int(_chunked(draft, at) and draft.response.ending == "clean")


def _transfer(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    transfer: Transfer = "close" if form == "close" else "length"
    changed = _everywhere(draft.response, lambda each: replace(each, transfer=transfer))
    words = {"length": "of a stated length", "close": "ended by the end of the connection"}
    return replace(draft, response=changed), f"the body is not in chunks but {words[form]}"


def _everywhere(response: WireResponse, change: Callable[[WireResponse], WireResponse]) -> WireResponse:
    """The response changed in each of its codings."""
    return replace(change(response), codings=tuple((name, change(other)) for name, other in response.codings))


def _plain(draft: Draft, at: int) -> int:
    """Where the body is whole, and no coding was chosen for it."""
    is_coded = draft.response.codings or draft.response.header("content-encoding")
    return int(at == 0 and not is_coded and draft.response.ending == "clean" and bool(draft.response.chunks))


def _content_coding(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    coding = next(each for each in _CODINGS if each == form)
    return _coded(draft, coding, lambda pieces: encoded(pieces, coding)), f"the body in {form}"


def _gzip_members(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    return _coded(draft, "gzip", lambda pieces: encoded(pieces, "gzip", "members")), "each chunk a gzip member"


def _coded(draft: Draft, coding: Coding, pack: Callable[[Sequence[bytes]], list[bytes]]) -> Draft:
    """The response in a coding, for requests that accept it."""
    played = draft.played
    chunks = tuple(map(Chunk, pack([chunk.data for chunk in played.chunks if chunk.data])))
    headers = (*played.headers, ("content-encoding", coding))
    coded = replace(played, chunks=chunks, headers=headers)
    return replace(draft, response=replace(played, codings=((str(coding), coded),)), touched=False)


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("content-coding", 6, _plain, _content_coding, _CODINGS),
    Mutation("gzip-members", 6, _plain, _gzip_members),
    Mutation("chunk-extension", 7, _chunked, _chunk_extension, tuple(_EXTENSIONS)),
    Mutation("transfer", 8, _whole_chunked, _transfer, ("length", "close")),
    Mutation("content-type", 7, _typed, _content_type, ("parameter", "title")),
    Mutation("header-case", 7, _always, _header_case, ("title", "upper")),
)
