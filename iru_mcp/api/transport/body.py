"""An answer's body, read and unpacked in bounded pieces."""

import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from ...errors import Unreadable


async def read_body(pieces: AsyncIterator[bytes], headers: Mapping[str, str], cap: int) -> bytes:
    """The decoded body. Raises Unreadable past `cap` bytes, unread when Content-Length says so, or on bad gzip."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > cap):
        raise _too_big(cap)
    encoding = headers.get("content-encoding", "identity").strip().casefold()
    if encoding not in ("identity", "gzip", ""):
        raise Unreadable(f"The answer is encoded as {encoding[:40]!r}, which was not asked for.", "Tell the user.")
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body = bytearray()
    async for piece in pieces:
        body += _unpack(unpack, piece, cap - len(body) + 1) if unpack else piece
        if len(body) > cap:
            raise _too_big(cap)
    if unpack and unpack.unused_data:
        raise Unreadable("The answer goes on behind its compressed body.", "Try once more; then tell the user.")
    if unpack and not unpack.eof:
        raise Unreadable("The answer's compressed body is cut off.", "Try once more; then tell the user.")
    return bytes(body)


def _unpack(unpack: Any, piece: bytes, room: int) -> bytes:
    try:
        return bytes(unpack.decompress(piece, room))
    except zlib.error:
        raise Unreadable("The answer's compressed body is damaged.", "Try once more; then tell the user.") from None


def _too_big(cap: int) -> Unreadable:
    return Unreadable(
        f"An answer is larger than {cap // 1024 // 1024} MiB and was not read.",
        "Narrow the question; then tell the user.",
    )
