"""Held-out accuracy of the bundled surrogate beside "longer wins", measured anew from the data.

    python bench/surrogate.py [--data FOLDER]

FOLDER holds the training sets as native data set folders. Default: ARENA_SHARED_DATA, or
../shared/data beside the repository. Also says whether the committed model is reproduced.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from judges.surrogates.model_card import load  # noqa: E402
from judges.surrogates.training import fit_pretrained  # noqa: E402


def main() -> int:
    default = os.environ.get("ARENA_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description="held-out accuracy of the bundled surrogate")
    parser.add_argument("--data", type=Path, default=Path(default), metavar="FOLDER")
    folder = parser.parse_args().data
    committed = load("general")
    folders = [folder / item.name for item in committed.training_sets]
    missing = [str(path) for path in folders if not path.is_dir()]
    if missing:
        print(f"surrogate: not measured, no such folder: {', '.join(missing)}")
        return 1
    card = fit_pretrained(folders, "general")
    print(card.table())
    same = card.to_json() == committed.to_json()
    print(f"\ncommitted model {committed.version}: {'reproduced' if same else 'NOT reproduced'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
