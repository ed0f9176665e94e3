"""Says whether every file that names the version names the same one, the first argument if there is one."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def versions() -> dict[str, set[str]]:
    """The versions that each file names."""
    package = re.findall(r'__version__ = "(.*)"', (ROOT / "iru_mcp/__init__.py").read_text("utf-8"))
    manifest = json.loads((ROOT / "packaging/mcpb/manifest.json").read_text("utf-8"))
    server = json.loads((ROOT / "packaging/server.json").read_text("utf-8"))
    found = {
        "iru_mcp/__init__.py": set(package),
        "packaging/mcpb/manifest.json": {manifest["version"]},
        "packaging/server.json": {server["version"]},
        "Dockerfile": set(re.findall(r"^ARG VERSION=(.*)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)),
    }
    for file in ("packaging/compose.yaml", "packaging/kubernetes.yaml"):
        found[file] = set(re.findall(r"image: \S+:(\S+)", (ROOT / file).read_text("utf-8")))
    return found


if __name__ == "__main__":
    found = versions()
    wanted = set(sys.argv[1:2]) or found["iru_mcp/__init__.py"]
    wrong = {file: sorted(named) for file, named in found.items() if named != wanted}
    for file, named in wrong.items():
        print(f"{file} names {', '.join(named) or 'no version'}, not {', '.join(wanted)}")
    sys.exit(1 if wrong else 0)
