"""Logging to stderr alone, with secrets redacted and without the HTTP libraries' URLs."""

from __future__ import annotations

import logging
import sys

from .clean import redact

_CHATTY = ("httpx", "httpcore", "mcp", "uvicorn.access", "sse_starlette")


class _Redacting(logging.Formatter):
    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return redact(text)


def configure(level: str, *secrets: str) -> None:
    """Send logs of `level` and above to stderr, with `secrets` and whatever looks like one blotted out."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(tuple(secret for secret in secrets if secret)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
