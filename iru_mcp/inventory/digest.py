"""The digest by which equal contents of a table are found. Files hold it: a change of it needs a step in steps/."""

import hashlib
import json
from collections.abc import Mapping


def digest_of(cells: Mapping[str, object]) -> bytes:
    """Twelve bytes of the columns that are not null, so a column that is added as null does not change them."""
    held = {name: cell for name, cell in cells.items() if cell is not None}
    return hashlib.blake2b(json.dumps(held, sort_keys=True).encode(), digest_size=12).digest()


def row_digest(text: str) -> bytes:
    """The same for a JSON object of the columns, as steps call it in SQL."""
    return digest_of(json.loads(text))
