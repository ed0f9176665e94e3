"""An object store on the loopback: as much of S3's protocol as a writer asks for. Objects appear when complete."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Store(ThreadingHTTPServer):
    """The objects by name, and the parts of uploads that are not complete."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.written: list[str] = []
        """The names of objects in the order in which they became complete."""
        self.parts: dict[str, dict[int, bytes]] = {}
        self.refuses = False
        self.address = f"s3://warehouse/iru?scheme=http&endpoint_override=127.0.0.1:{self.server_port}&region=x"

    def put(self, name: str, body: bytes) -> None:
        self.objects[name] = body
        self.written.append(name)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Store

    def log_message(self, *_: object) -> None:
        pass

    def _any(self) -> None:
        parts = urlsplit(self.path)
        name, body = unquote(parts.path).lstrip("/"), self._body()
        asked = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if self.server.refuses:
            self._answer(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif self.command in ("PUT", "POST"):
            self._write(name, asked, body)
        elif self.command == "DELETE":
            self.server.objects.pop(name, None)
            self._answer(204)
        elif name in self.server.objects:
            self._read(self.server.objects[name])
        elif "list-type" in asked:
            self._answer(200, _xml("ListBucketResult", KeyCount="0", IsTruncated="false"))
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815 - the names that http.server looks for

    def _write(self, name: str, asked: dict[str, str], body: bytes) -> None:
        """An object, or the beginning, a part or the end of one that comes in parts."""
        parts = self.server.parts
        if "uploads" in asked:
            upload = str(len(parts) + len(self.server.written) + 1)
            parts[upload] = {}
            self._answer(200, _xml("InitiateMultipartUploadResult", UploadId=upload))
        elif "partNumber" in asked:
            parts[asked["uploadId"]][int(asked["partNumber"])] = body
            self._answer(200, ETag=f'"{asked["partNumber"]}"')
        elif "uploadId" in asked:
            held = parts.pop(asked["uploadId"])
            self.server.put(name, b"".join(held[number] for number in sorted(held)))
            self._answer(200, _xml("CompleteMultipartUploadResult", ETag='"1"'))
        else:
            self.server.put(name, body)
            self._answer(200, ETag='"1"')

    def _read(self, held: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        part = held[int(wanted[1]) : int(wanted[2]) + 1] if wanted else held
        self._answer(206 if wanted else 200, part, ETag='"1"')

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self._chunks())
        return _unwrapped(body) if "aws-chunked" in self.headers.get("Content-Encoding", "") else body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass


def _unwrapped(body: bytes) -> bytes:
    """The bytes within aws-chunked encoding: a size in hex, perhaps a signature, the bytes; checksums at the end."""
    found = b""
    while body:
        head, _, body = body.partition(b"\r\n")
        size = int(head.split(b";")[0], 16)
        if not size:
            break
        found, body = found + body[:size], body[size + 2 :]
    return found


def _xml(name: str, **parts: str) -> bytes:
    inside = "".join(f"<{part}>{text}</{part}>" for part, text in parts.items())
    return f'<?xml version="1.0"?><{name}>{inside}</{name}>'.encode()


@contextmanager
def serving() -> Iterator[Store]:
    """A store that answers at its `address`, in the bucket `warehouse`."""
    store = Store()
    thread = threading.Thread(target=store.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.shutdown()
        store.server_close()
        thread.join()
