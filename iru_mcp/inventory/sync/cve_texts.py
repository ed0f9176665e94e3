"""The descriptions of CVEs, kept once for each CVE: Iru sends them in detections alone, and again in each one."""

import re
import sqlite3
from collections.abc import Sequence

from ...output.clean import clean

_VERSION = r"v?(\d+(?:\.\d+)+(?:[-+.]?[0-9A-Za-z]+)*)"
_FIXED = re.compile(
    rf"\b(?:prior to|before|fixed in|patched in|resolved in|addressed in|upgrade to|earlier than)\s+"
    rf"(?:version\s+|[A-Z][\w ]{{0,30}}?\s+)?{_VERSION}",
    re.IGNORECASE,
)


def fixed_version(description: str) -> str | None:
    """The first version that the description calls fixed; None where it names none, or more than one."""
    found = {match.rstrip(".") for match in _FIXED.findall(description)}
    return found.pop() if len(found) == 1 else None


def keep_texts(db: sqlite3.Connection, rows: Sequence[object]) -> None:
    """Keep the descriptions in raw detections."""
    found = [row for row in rows if isinstance(row, dict) and isinstance(row.get("cve_id"), str)]
    told = [(row["cve_id"], row.get("cve_description") or row.get("description")) for row in found]
    texts = {cve: text for cve, text in told if isinstance(text, str) and text.strip()}
    kept = [(cve, str(clean(text, "description")), fixed_version(text)) for cve, text in texts.items()]
    db.executemany("INSERT OR REPLACE INTO _cve(cve_id, description, fixed_version) VALUES (?, ?, ?)", kept)
