"""Is no adapter at all."""

import sys

print("what now?", file=sys.stderr, flush=True)
print("Welcome!", flush=True)
sys.stdin.read()
