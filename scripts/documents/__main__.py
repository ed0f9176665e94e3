"""python -m documents [--check]: what scripts/docs runs."""

from __future__ import annotations

import sys
from pathlib import Path

from . import generate

check = "--check" in sys.argv[1:]
changed = generate(Path(__file__).parents[2], write=not check)
for name in changed:
    print(f"{name}: {'out of date; run scripts/docs' if check else 'written'}")
sys.exit(bool(check and changed))
