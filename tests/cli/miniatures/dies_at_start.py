"""Says why it cannot live, and dies before it describes itself."""

import sys

print("no licence was found", file=sys.stderr)
sys.exit(4)
