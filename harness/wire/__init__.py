"""Bytes and frames, without I/O: how each dialect's framing is cut out of a body, and what a response is on the wire."""
