"""What every test stands on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a shared machine may be slow for a moment
settings.load_profile("patient")


@pytest.fixture
def anyio_backend() -> str | tuple[str, dict[str, Any]]:
    """Asyncio is what the server runs on."""
    return "asyncio"
