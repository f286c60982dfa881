"""Bytes and frames, without I/O: the framings of the dialects, and what a response is on the wire."""
