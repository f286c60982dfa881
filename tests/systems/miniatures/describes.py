"""Says of itself what its argument says."""

import sys

sys.stdin.readline()
print(sys.argv[1], flush=True)
sys.stdin.read()
