"""What a gateway is asked besides the canonical request: a literal request, which comes before it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from harness.catalogue.records import Record, did_you_mean, exactly_one, wrong
from harness.dialects import dialect_names


class FrontRequest(Record):
    """A request as our client sends it to a gateway. What is left out is as in the canonical request."""

    method: str = Field(default="POST", pattern=r"^[A-Z]+$")
    path: str | None = Field(default=None, pattern=r"^/")
    """Below the gateway's base URL; None: where the canonical request goes."""
    headers: dict[str, str | None] = Field(default_factory=dict)
    """They replace those that the canonical request has; null leaves one out."""
    body: str | dict[str, str] | None = None
    """The literal body, or one for each dialect, and the scenario then runs in front of just those. None: that of the
    canonical request, or none at all where the method is GET."""
    body_size: int | None = Field(default=None, ge=1)
    """Bytes to which the body of the canonical request is grown, by its last text."""
    token: Literal["wrong", "none"] | None = None
    """The key that it brings: another one, or none; None: the one that the gateway takes."""
    hang_up_after_bytes: int | None = Field(default=None, ge=0)
    """The client leaves once so many bytes of the answer have come; with 0 as soon as its head has."""
    hang_up_after_text: str | None = Field(default=None, min_length=1)
    """The client leaves once these letters have come: then the upstream has surely been asked, and has answered."""
    hang_up_after_s: float | None = Field(default=None, gt=0)
    """The client leaves after so many seconds, whether anything has come or not."""
    continued: bool = False
    """The canonical request goes on from the answer to this one, by its id (`previous_response_id`)."""
    only: bool = False
    """The canonical request does not follow."""

    @field_validator("body")
    @classmethod
    def _known_dialects(cls, body: str | dict[str, str] | None) -> str | dict[str, str] | None:
        for name in body if isinstance(body, dict) else ():
            if name not in dialect_names():
                raise wrong(f"unknown dialect{did_you_mean(name, dialect_names())}", [name])
        return body

    @model_validator(mode="after")
    def _one_body(self) -> FrontRequest:
        if self.body is not None and self.body_size is not None:
            exactly_one(self, ("body", "body_size"), "a request in front")
        return self

    @property
    def hangs_up(self) -> bool:
        """Whether the client leaves before the answer is over."""
        limits = (self.hang_up_after_bytes, self.hang_up_after_text, self.hang_up_after_s)
        return any(limit is not None for limit in limits)

    def body_in(self, dialect: str) -> str | None:
        """The literal body in that dialect; None where there is none of its own."""
        return self.body.get(dialect) if isinstance(self.body, dict) else self.body
