"""Build the environment of the peers: the libraries of `peers.txt`, apart from our own.

    python -m bench.ratings.environment

Needs about 1 GB below var/peers, and the package index.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "var" / "peers"
PYTHON = FOLDER / "bin" / "python"
REQUIREMENTS = Path(__file__).with_name("peers.txt")


def main() -> int:
    venv.create(FOLDER, with_pip=True)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    status = subprocess.run([*install, "-r", str(REQUIREMENTS)], check=False).returncode
    if not status:
        print(f"built: {PYTHON}")
    return status


if __name__ == "__main__":
    sys.exit(main())
