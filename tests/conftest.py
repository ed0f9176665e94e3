"""What every test stands on."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def anyio_backend() -> str | tuple[str, dict[str, Any]]:
    """Asyncio is what the server runs on."""
    return "asyncio"
