"""Reading whatever a library gives: objects or dictionaries, with fields that may be missing."""

from __future__ import annotations

from typing import Any


def field(value: Any, name: str) -> Any:
    """The field of an object or of a dictionary; None where there is none. What is both is an object first."""
    if isinstance(value, dict) and name not in getattr(value, "__dict__", ()):
        return value.get(name)
    return getattr(value, name, None)


def given(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters that say something: neither None nor an empty list, text or dictionary."""
    return {name: value for name, value in parameters.items() if value not in (None, [], "", {})}


def plain(value: Any) -> Any:
    """A model object of a library as a dictionary, where it has a way to say itself so."""
    for way in ("model_dump", "to_dict", "dict"):
        if callable(said := getattr(value, way, None)):
            return said()
    return value
