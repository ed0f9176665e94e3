"""The digest that tells one content of a table from another. It is in files: never change it without a step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def digest_of(cells: Mapping[str, object]) -> bytes:
    """Twelve bytes, equal for equal columns that hold something; a column that is added empty changes nothing."""
    held = {name: cell for name, cell in cells.items() if cell is not None}
    return hashlib.blake2b(json.dumps(held, sort_keys=True).encode(), digest_size=12).digest()


def row_digest(text: str) -> bytes:
    """The same for a JSON object of the columns, as steps call it in SQL."""
    return digest_of(json.loads(text))
