"""A small client of OpenAI-style chat streams."""

from pocket_chat.client import Call, Finish, Piece, ask

__all__ = ["Call", "Finish", "Piece", "ask"]
