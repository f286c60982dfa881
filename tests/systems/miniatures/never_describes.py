"""Reads what it is asked, and never answers."""

import sys

print("still loading", file=sys.stderr, flush=True)
for _ in sys.stdin:
    pass
