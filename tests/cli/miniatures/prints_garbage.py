"""Is no adapter at all."""

import sys

print("Welcome to my program!", flush=True)
print("what do you want?", file=sys.stderr, flush=True)
sys.stdin.read()
