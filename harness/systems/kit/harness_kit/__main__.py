"""Runs an adapter's script so that what lies beside it hides no installed package: `python -m harness_kit adapter.py`.

An adapter may bear the name of the library that it drives, and may still import a module of its own folder.
"""

import runpy
import sys
from pathlib import Path


def main(script: str) -> None:
    """Runs `script` as the program, its folder last on the path instead of first."""
    sys.path[:] = [*(entry for entry in sys.path[1:] if entry), str(Path(script).resolve().parent)]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    del sys.argv[0]
    main(sys.argv[0])
