"""Each prompt's own calls, made on the demo tenant through a real client, find its story within its bounds."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import bpe_openai
import pytest
from mcp import Client, types

from iru_mcp.api.client import IruClient
from iru_mcp.content.prompts import Prompt, prompts
from iru_mcp.demo import HOST, TOKEN
from iru_mcp.demo.world.story import STORY
from iru_mcp.output.privacy import Privacy
from iru_mcp.server import Binder
from iru_mcp.tools.kit.catalogue import catalogue, select
from tests.conftest import unlimited

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
MOST_CALLS = 8
MOST_TOKENS = 20_000

Answers = list[dict[str, Any]]
Pick = Callable[[Answers], str]

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    def open_client() -> IruClient:
        return IruClient(HOST, lambda: TOKEN, transport=unlimited(now=NOW), now=lambda: NOW)

    binder = Binder(select(catalogue()), open_client)
    async with Client(binder.server) as connected:
        yield connected
    await binder.aclose()


class Played:
    """What making a prompt's calls gave: the answers, and all their text."""

    def __init__(self) -> None:
        self.answers: Answers = []
        self.text = ""


async def play(client: Client, prompt: Prompt, given: dict[str, str], picks: dict[str, Pick]) -> Played:
    """Make the prompt's calls in order; `picks` read from earlier answers what stands in angle brackets."""
    played = Played()
    values = {one.name: given.get(one.name) or one.default for one in prompt.arguments}
    for step in prompt.steps:
        arguments = {
            name: value if not isinstance(value, str) else _filled(value, values, picks, played.answers)
            for name, value in step.arguments.items()
        }
        result = await client.call_tool(step.tool, arguments)
        text = "".join(getattr(block, "text", "") for block in result.content)
        assert not result.is_error, text
        played.answers.append(json.loads(text))
        played.text += text
    return played


def _filled(value: str, values: dict[str, str], picks: dict[str, Pick], answers: Answers) -> str:
    return re.sub(r"<([^<>]+)>", lambda named: picks[named[1]](answers), value.format_map(values))


CASES: dict[str, tuple[dict[str, str], dict[str, Pick], list[str]]] = {
    "triage_device_alert": (
        {"device": STORY.patient_zero_serial},
        {
            "label of an odd login item": lambda seen: seen[0]["launch_items"]["rows"][0]["label"],
            "bundle_id of an odd app": lambda seen: seen[0]["new_apps"]["rows"][0]["bundle_id"],
            "odd admin account": lambda seen: seen[0]["admins"]["rows"][0]["username"],
        },
        [
            STORY.user_email,
            STORY.launch_label,
            STORY.app_bundle_id,
            STORY.hidden_admin,
            STORY.threat_name,
            STORY.protection_item,
            *STORY.spread_serials,
            STORY.token_label,
            STORY.script_name,
        ],
    ),
    "lost_or_stolen_device": (
        {"device": STORY.lost_serial},
        {
            "user_email of the device": lambda seen: seen[0]["general"]["assigned_user"]["email"],
            "device_id": lambda seen: seen[0]["device_id"],
        },
        [STORY.lost_email, "lost_mode_status", "ENABLED"],
    ),
    "cve_exposure": (
        {"cve_id": STORY.cve_id},
        {
            "name of the software": lambda seen: seen[0]["summary"]["software"][0]["name"],
            "fixed version": lambda _: STORY.browser_fixed_version,
            "serial_number of one straggler": lambda seen: seen[0]["items"][0]["serial_number"],
        },
        [STORY.browser_name, STORY.browser_fixed_version, "known_exploited"],
    ),
    "leaver_devices": (
        {"email": STORY.leaver_email},
        {
            "serial_number of the computer": lambda seen: _computer(seen[1])["serial_number"],
            "device_id of the computer": lambda seen: seen[2]["device"]["device_id"],
            "actor_id of an odd read": lambda seen: seen[4]["items"][0]["actor_id"],
        },
        ['"archived":true', *STORY.leaver_serials, "secrets", STORY.night_token_label],
    ),
    "hunt_persistence": (
        {},
        {
            "oddest label, account or bundle_id": lambda seen: seen[1]["items"][0]["label"],
            "serial_number of the first device": lambda seen: min(
                (item["created_at"], item["serial_number"]) for item in seen[1]["items"]
            )[1],
        },
        [STORY.launch_label, STORY.hidden_admin, STORY.app_bundle_id, *STORY.infected],
    ),
}


def _computer(held: dict[str, Any]) -> dict[str, Any]:
    return next(item for item in held["items"] if item["platform"] == "Mac")


@pytest.mark.parametrize("name", prompts())
async def test_a_prompts_calls_find_its_story_in_few_calls_and_tokens(client: Client, name: str) -> None:
    given, picks, facts = CASES[name]
    prompt = prompts()[name]
    assert len(prompt.steps) <= MOST_CALLS
    played = await play(client, prompt, given, picks)
    missing = [fact for fact in facts if fact not in played.text]
    assert not missing
    assert len(bpe_openai.get_encoding("o200k_base").encode(played.text)) <= MOST_TOKENS


@pytest.mark.parametrize("name", prompts())
async def test_a_prompt_is_a_page_that_names_its_tools_in_order_and_when_to_stop(client: Client, name: str) -> None:
    given, _, _ = CASES[name]
    text = (await client.get_prompt(name, given)).messages[0].content.text  # type: ignore[union-attr]
    places = [text.index(f"{number}. {step.tool} ") for number, step in enumerate(prompts()[name].steps, 1)]
    assert places == sorted(places)
    assert "Stop when" in text
    assert "Report:" in text
    assert len(text) < 4_000


def test_every_step_names_a_tool_that_is_offered_and_parameters_that_it_has() -> None:
    offered = select(catalogue())
    for prompt in prompts().values():
        for step in prompt.steps:
            assert set(step.arguments) <= set(offered[step.tool].input_schema["properties"]), step


async def test_names_complete_from_what_iru_knows_and_under_pseudonyms_in_privacy_mode() -> None:
    for privacy in (None, Privacy("a key of sixteen or more")):

        def open_client(shown: Privacy | None = privacy) -> IruClient:
            return IruClient(HOST, lambda: TOKEN, transport=unlimited(now=NOW), now=lambda: NOW, privacy=shown)

        binder = Binder(select(catalogue()), open_client)
        async with Client(binder.server) as connected:
            ref = types.PromptReference(name="leaver_devices")
            found = await connected.complete(ref, {"name": "email", "value": "tobias.renn"})
            ref = types.PromptReference(name="triage_device_alert")
            devices = await connected.complete(ref, {"name": "device", "value": "mira"})
        await binder.aclose()
        assert (STORY.leaver_email in found.completion.values) == (privacy is None)
        assert any("Mira" in name for name in devices.completion.values) == (privacy is None)
        assert (found.completion.values == []) == (devices.completion.values == []) == (privacy is not None)


async def test_in_privacy_mode_pseudonyms_complete_and_parts_of_names_do_not() -> None:
    def open_client() -> IruClient:
        return IruClient(HOST, lambda: TOKEN, transport=unlimited(now=NOW), now=lambda: NOW, privacy=Privacy("k" * 16))

    binder = Binder(select(catalogue()), open_client)
    async with Client(binder.server) as connected:
        ref = types.PromptReference(name="leaver_devices")
        begun = await connected.complete(ref, {"name": "email", "value": "person-"})
    await binder.aclose()
    assert begun.completion.values
    assert all(value.startswith("person-") for value in begun.completion.values)
