"""Guides that a client can read: fixed texts, and texts made from a name in the URI."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from ..api.endpoints.prism import COLUMNS, COMMON_COLUMNS
from ..tools.kit.catalogue import catalogue, toolsets
from .completions import Completer, OpenClient, blueprint_name, device_name, one_of, platform, user_email


class Guide(NamedTuple):
    """One text at one URI, made by `read` when a client asks for it."""

    uri: str
    name: str
    title: str
    description: str
    read: Callable[[], str]
    mime_type: str = "text/markdown"


class Template(NamedTuple):
    """Texts at the URIs that fit a pattern with one `{slot}`, at its end.

    `read` makes the text and gives None for a value it does not know; or `tool` is called with the value as `argument`.
    """

    uri: str
    name: str
    title: str
    description: str
    read: Callable[[str], str | None] | None = None
    tool: str = ""
    argument: str = ""
    complete: Completer | None = None
    mime_type: str = "text/markdown"

    @property
    def slot(self) -> str:
        """The name of the slot, with which every URI ends."""
        return self.uri.rpartition("{")[2].removesuffix("}")

    def match(self, uri: str) -> str | None:
        """What stands in the slot, None where `uri` does not fit."""
        found = re.fullmatch(f"{re.escape(self.uri.partition('{')[0])}([^/?#]+)", uri)
        return unquote(found[1]) if found else None


def _category(name: str) -> str | None:
    if name not in COLUMNS:
        return None
    own = COLUMNS[name] or ("(Iru publishes none)",)
    return (
        f"# Prism category {name}\n\nColumns of its own: {', '.join(own)}.\n\n"
        f"Columns of every category: {', '.join(COMMON_COLUMNS)}.\n"
    )


def _permissions() -> str:
    lines = (
        f"- `{tool.name}`: {'; '.join(endpoint.grant for endpoint in (*tool.endpoints, *tool.optional))}"
        for tool in catalogue().values()
    )
    head = "# Permissions\n\nA new token has none; they are given under Access > API tokens.\n\n"
    return head + "\n".join(lines) + "\n"


GUIDES: dict[str, Guide] = {
    guide.uri: guide
    for guide in (
        Guide(
            "iru://guides/prism-filters",
            "prism-filters",
            "Prism filters",
            "How the filter parameter of the prism_* tools is written.",
            lambda: Path(__file__).with_name("prism_filters.md").read_text("utf-8"),
        ),
        Guide(
            "iru://guides/permissions",
            "permissions",
            "Permissions of the API token",
            "Which permission each tool needs, by its name on Iru's screen.",
            _permissions,
        ),
    )
}
"""The fixed texts by URI."""


def _column(name: str) -> str | None:
    places = [category for category, columns in COLUMNS.items() if name in columns]
    if name in COMMON_COLUMNS:
        return f"# Prism column {name}\n\nEvery category has it.\n"
    return f"# Prism column {name}\n\nCategories that have it: {', '.join(places)}.\n" if places else None


def _toolset(name: str) -> str | None:
    if (members := toolsets(catalogue()).get(name)) is None:
        return None
    lines = (f"- `{tool.name}`: {tool.description}" for tool in members)
    return f"# Toolset {name}\n\nSwitched on with IRU_TOOLSETS={name}.\n\n" + "\n".join(lines) + "\n"


async def _toolset_names(prefix: str, open_client: OpenClient) -> Sequence[str]:
    return await one_of(*toolsets(catalogue()))(prefix, open_client)


def _asks(uri: str, title: str, description: str, call: tuple[str, str], complete: Completer | None = None) -> Template:
    """The answer of the tool of `call`, which takes the value as the parameter of `call`."""
    return Template(uri, title.casefold(), title, description, None, *call, complete, "application/json")


TEMPLATES: tuple[Template, ...] = (
    Template(
        "iru://guides/prism/{category}",
        "prism-category",
        "Columns of a Prism category",
        "Every column that a Prism category can be filtered and sorted by.",
        _category,
        complete=one_of(*COLUMNS),
    ),
    Template(
        "iru://guides/columns/{column}",
        "prism-column",
        "Where a Prism column is",
        "The Prism categories that have a column.",
        _column,
        complete=one_of(*sorted(set(COMMON_COLUMNS).union(*COLUMNS.values()))),
    ),
    Template(
        "iru://guides/toolsets/{toolset}",
        "toolset",
        "Tools of a toolset",
        "What a toolset offers when it is switched on.",
        _toolset,
        complete=_toolset_names,
    ),
    _asks(
        "iru://devices/{device}",
        "Device",
        "One device: who, what, where it stands.",
        ("get_device_dossier", "device"),
        device_name,
    ),
    _asks("iru://users/{email}", "User", "The devices of one person.", ("find_devices_for_user", "email"), user_email),
    _asks("iru://cves/{cve_id}", "CVE", "The devices that have a CVE.", ("find_devices_with_vulnerability", "cve_id")),
    _asks(
        "iru://blueprints/{blueprint}",
        "Blueprint",
        "Devices of a blueprint.",
        ("list_devices", "blueprint_name"),
        blueprint_name,
    ),
    _asks("iru://platforms/{platform}", "Platform", "Devices of a platform.", ("list_devices", "platform"), platform),
)
"""The made texts, and the answers that have an address."""
