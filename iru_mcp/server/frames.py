"""Lines that a client writes, read as JSON-RPC messages; one that is none is answered with the reason.

The SDK drops a line that it cannot read, and whoever sent it waits until its own time-out. So every line is tried here
first: it is handed on as it came, without a byte order mark, or it becomes JSON-RPC's own error. The error carries the
id of the request only where that is certain: a guessed id could end another request that is still at work.
"""

import contextlib
import json
import re
from typing import Any, NamedTuple

from mcp.types import INVALID_REQUEST, PARSE_ERROR, jsonrpc_message_adapter
from pydantic import ValidationError

MAX_LINE = 8 * 1024 * 1024
"""Bytes of one line; a longer one is refused."""

_SCALARS = rb'(?:"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,\s*)*'
_ID = rb'"id"\s*:\s*(-?\d{1,18}|"[^"\\]{0,200}")\s*'
_HEAD = re.compile(rb"\s*\{\s*" + _SCALARS + _ID + rb"[,}]")
"""An id that stands before anything nested can only be the request's own."""
_TAIL = re.compile(rb'"jsonrpc"\s*:\s*"2\.0"\s*,\s*' + _ID + rb"\}\s*$")
"""So can one that ends the line after the version, as the TypeScript SDK writes it."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unread(NamedTuple):
    """Why a line is no message, in words that quote nothing of it, and the lines to answer with."""

    why: str
    answers: tuple[str, ...]


def read_line(line: bytes) -> str | Unread | None:
    """A line as the text of one message, or why it is none; None for a blank one."""
    line = line.removeprefix(b"\xef\xbb\xbf")
    if not line.strip():
        return None
    with contextlib.suppress(ValidationError):
        jsonrpc_message_adapter.validate_json(line, by_name=False)
        return line.decode("utf-8")
    try:
        value = json.loads(line)
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else "it is not JSON in UTF-8"
        return _unread(PARSE_ERROR, why, [_certain_id(line, line)])
    if isinstance(value, list):
        found = [one for one in map(_id_of, value) if one is not None]
        return _unread(INVALID_REQUEST, "it is a batch; send one message a line", found or [None])
    if _SURROGATE.search(text):
        return _unread(PARSE_ERROR, "it has half a character (a lone surrogate)", [_id_of(value)])
    return _unread(INVALID_REQUEST, _fault(value), [_id_of(value)])


def too_long(head: bytes, tail: bytes) -> Unread:
    """A line over `MAX_LINE`, of which the first and the last bytes were kept."""
    return _unread(INVALID_REQUEST, f"it has more than {MAX_LINE} bytes", [_certain_id(head, tail)])


def _unread(code: int, why: str, ids: list[Any]) -> Unread:
    name = "Parse error" if code == PARSE_ERROR else "Invalid request"
    error = {"code": code, "message": f"{name}: the line was not read, as {why}."}
    return Unread(why, tuple(json.dumps({"jsonrpc": "2.0", "id": one, "error": error}) + "\n" for one in ids))


def _certain_id(head: bytes, tail: bytes) -> Any:
    found = _HEAD.match(head) or _TAIL.search(tail[-400:])
    try:
        return json.loads(found[1]) if found else None
    except ValueError:
        return None


def _id_of(value: Any) -> Any:
    """The id of a request, however wrong the rest of it is; that of an answer is one of our own, not the client's."""
    if not isinstance(value, dict) or "result" in value or "error" in value:
        return None
    found = value.get("id")
    usable = isinstance(found, (int, str)) and not isinstance(found, bool)
    return found if usable and not _SURROGATE.search(str(found)) else None


def _fault(value: Any) -> str:
    if not isinstance(value, dict):
        return "it is not an object"
    if value.get("jsonrpc") != "2.0":
        return 'its member "jsonrpc" is not "2.0"'
    if "params" in value and not isinstance(value["params"], dict):
        return 'its member "params" is not an object'
    return "it is no JSON-RPC request, notification or answer"
