"""Broken clients, each with one plausible mistake, and which scenarios catch them."""
