"""The audit log: one JSON line per tool call, with caller, tool, arguments and outcome; most values only as hashes."""

import hashlib
import hmac
import json
import logging
import os
import secrets
import stat
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from ..errors import ConfigError
from ..tools.kit.catalogue import Tool
from .telemetry import Finished, Sent

_LONG = 10**9
"""Numbers from here on may identify something (a telephone, an account), so they are hashed."""
_log = logging.getLogger("iru_mcp.audit")


class Audit:
    """Writes one line per call to an open file descriptor.

    Numbers, flags and the choices a schema lists are shown; any other value is a keyed hash, equal for equal values
    within this process and of no use outside it.
    """

    def __init__(self, fd: int, tools: Mapping[str, Tool]) -> None:
        self._fd = fd
        self._key = secrets.token_bytes(32)
        self._known = {
            name: {part: tuple(one.get("enum", ())) for part, one in tool.input_schema.get("properties", {}).items()}
            for name, tool in tools.items()
        }

    def called(self, call: Finished) -> None:
        known = self._known.get(call.tool)
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "caller": self._hashed(call.caller) if "@" in call.caller else call.caller,
            "tool": call.tool if known is not None else "unknown",
            "arguments": self._arguments(call.arguments, known or {}),
            "outcome": call.outcome,
            "requests": call.requests,
            "ms": round(call.seconds * 1000),
        }
        try:
            os.write(self._fd, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        except OSError as error:
            _log.warning("the audit line could not be written: %s", error.strerror)

    def sent(self, request: Sent) -> None:
        """Requests are counted with their call."""

    def _arguments(self, given: Mapping[str, Any], known: Mapping[str, Collection[Any]]) -> dict[str, Any]:
        shown = {name: self._shown(value, known[name]) for name, value in given.items() if name in known}
        strange = len(given) - len(shown)
        return shown | ({"unknown": strange} if strange else {})

    def _shown(self, value: Any, choices: Collection[Any]) -> Any:
        if value is None or isinstance(value, bool) or (isinstance(value, (int, float)) and abs(value) < _LONG):
            return value
        is_choice = isinstance(value, str) and (value in choices or value.casefold() in choices)
        return value if is_choice else self._hashed(value)

    def _hashed(self, value: Any) -> str:
        text = json.dumps(value, sort_keys=True, default=str).encode()
        return f"#{hmac.new(self._key, text, hashlib.sha256).hexdigest()[:12]}"


def open_audit(where: str, tools: Mapping[str, Tool]) -> Audit | None:
    """The audit that `where` asks for: off, stderr, or a file (0600, appended to). Raises ConfigError."""
    if where in ("", "off"):
        return None
    if where == "stderr":
        return Audit(2, tools)
    try:
        # A pipe that nobody reads is an error here (O_NONBLOCK) and not a wait without end.
        fd = os.open(where, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)
        if sys.platform != "win32" and stat.S_ISREG(os.fstat(fd).st_mode):
            os.fchmod(fd, 0o600)  # a file that was there may have been open to others; a device is not ours to close
    except OSError as error:
        raise ConfigError(
            f"IRU_MCP_AUDIT names a file that cannot be written ({error.strerror}).", "Valid: off, stderr, a file."
        ) from None
    return Audit(fd, tools)
