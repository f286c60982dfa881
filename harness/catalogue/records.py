"""What every part of the scenario language is: a frozen record that refuses unknown keys and guesses what was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError


class Record(BaseModel):
    """Frozen, and strict about unknown keys. `short_forms` are keys that a subclass turns into others beforehand."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, ser_json_bytes="base64", val_json_bytes="base64"
    )
    short_forms: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    known = (*cls.model_fields, *cls.short_forms)
                    raise PydanticCustomError(
                        "unknown_key", "{what}", {"what": f"unknown key{did_you_mean(key, known)}", "at": [key]}
                    )
        return data


def wrong(message: str, at: Iterable[str | int] = ()) -> PydanticCustomError:
    """An error in a file, for validators to raise; `at` is the path of the fault below the record at hand."""
    return PydanticCustomError("wrong", "{what}", {"what": message, "at": list(at)})


R = TypeVar("R", bound=Record)


def nested(model: type[R], data: Any, at: Iterable[str | int] = ()) -> R:
    """`data` as that record, for validators of a union: its first fault is placed below `at`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise wrong(first["msg"], [*at, *first["loc"], *first.get("ctx", {}).get("at", ())]) from None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: the word, and the nearest known one or all of them."""
    names = list(known)
    close = get_close_matches(str(word), names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"
    return f" {word!r}; {hint}"


def exactly_one(record: BaseModel, names: Iterable[str], what: str) -> None:
    """Raises unless just one of the named fields is given."""
    names = tuple(names)
    given = [name for name in names if getattr(record, name) is not None]
    if len(given) != 1:
        raise wrong(f"{what} has exactly one of {', '.join(names)}; this has {' and '.join(given) or 'none of them'}")
