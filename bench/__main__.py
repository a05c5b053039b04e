"""`make bench [ONLY=name]`: run the benches of this folder and print their tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main(only: list[str]) -> int:
    files = [*FOLDER.glob("*.py"), *(main.parent for main in FOLDER.glob("*/__main__.py"))]
    names = sorted(path.stem for path in files if not path.stem.startswith("_"))
    unknown = set(only) - set(names)
    if unknown:
        print(f"no such bench: {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
        return 2
    status = 0
    for name in only or names:
        print(f"\n=== {name} ===", flush=True)
        # A process each: no bench inherits another's caches, threads or settings.
        status |= subprocess.run(
            [sys.executable, "-m", f"bench.{name}"], check=False, cwd=FOLDER.parent
        ).returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
