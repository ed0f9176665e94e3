"""The questions of docs/benchmarks.md and ten joins, asked of the server in SQL: calls, tokens and requests of each.

scripts/sql-questions prints them; tests/inventory/test_sql_questions.py holds the answers right.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from iru_mcp.api.client import Filling, IruClient
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.demo import HOST, TOKEN, transport
from iru_mcp.demo.world.story import STORY
from iru_mcp.tools.kit.catalogue import catalogue, to_json

from .context import tokens
from .questions import NOW

_ZERO = f"'{STORY.patient_zero_serial}'"
_WEEK = f"datetime('{NOW:%Y-%m-%dT%H:%M:%SZ}', '-7 days')"
_MONTH = f"datetime('{NOW:%Y-%m-%dT%H:%M:%SZ}', '-30 days')"


@dataclass(frozen=True, slots=True)
class SqlQuestion:
    """What is asked, and the statement that answers it."""

    name: str
    text: str
    sql: str


def _ask(name: str, text: str, sql: str) -> SqlQuestion:
    return SqlQuestion(name, text, " ".join(sql.split()))


SQL_QUESTIONS: tuple[SqlQuestion, ...] = (
    _ask(
        "holder",
        "Who has the device of the alert, and what threats are on it?",
        f"""SELECT d.user_email, d.device_name, u.department, t.threat_name, t.status, t.detection_date FROM devices d
        LEFT JOIN users u ON u.email = d.user_email LEFT JOIN threats t USING (device_id)
        WHERE d.serial_number = {_ZERO}""",
    ),
    _ask(
        "events",
        "What was done in Iru in the last week, in order?",
        f"""SELECT occurred_at, action, target_type, actor_type FROM audit_events WHERE occurred_at >= {_WEEK}
        ORDER BY occurred_at""",
    ),
    _ask(
        "launch_item",
        "Where in the fleet is the launch agent?",
        f"SELECT serial_number, path, program FROM launch_items WHERE label = '{STORY.launch_label}'",
    ),
    _ask(
        "app",
        "Which devices have the app?",
        f"SELECT serial_number, version, path FROM apps WHERE bundle_id = '{STORY.app_bundle_id}'",
    ),
    _ask(
        "hash",
        "Was the file with this SHA-256 seen anywhere?",
        f"SELECT serial_number, file_path, status FROM threats WHERE file_hash = '{STORY.file_hash}'",
    ),
    _ask(
        "os_versions",
        "How many devices run which operating system version?",
        "SELECT platform, os_version, count(*) AS n FROM devices GROUP BY 1, 2 ORDER BY n DESC",
    ),
    _ask(
        "versions",
        "Which versions of the browser are installed, on how many Macs?",
        f"""SELECT version, count(DISTINCT device_id) AS macs FROM apps
        WHERE enrolled AND bundle_id = '{STORY.browser_bundle_id}' GROUP BY 1 ORDER BY version_key(version)""",
    ),
    _ask(
        "outdated",
        "How many Macs still run a browser older than the fixed version?",
        f"""SELECT count(DISTINCT device_id) FROM apps WHERE enrolled AND bundle_id = '{STORY.browser_bundle_id}'
        AND version_key(version) < version_key('{STORY.browser_fixed_version}')""",
    ),
    _ask(
        "cve",
        "Which devices have the CVE, in what?",
        f"SELECT serial_number, name, version FROM detections WHERE cve_id = '{STORY.cve_id}'",
    ),
    _ask(
        "exploited",
        "Which known-exploited CVEs does the fleet have?",
        "SELECT cve_id, severity, kev_score, device_count FROM vulnerabilities WHERE kev_score > 0",
    ),
    _ask(
        "vulnerable",
        "What is vulnerable on that Mac, worst first?",
        f"""SELECT cve_id, name, version, cvss_score FROM detections WHERE serial_number = {_ZERO}
        ORDER BY cvss_score DESC""",
    ),
    _ask(
        "leaver",
        "Somebody has left: is the account archived, and which devices are still held?",
        f"""SELECT u.archived, d.serial_number, d.platform, d.last_check_in FROM users u
        LEFT JOIN devices d ON d.user_email = u.email WHERE u.email = '{STORY.leaver_email}'""",
    ),
    _ask(
        "tokens",
        "Which API tokens were made in the last week?",
        f"""SELECT occurred_at, actor_id, target_id, json_extract(new_state, '$.label') AS label FROM audit_events
        WHERE target_type = 'api_token' AND action = 'create' AND occurred_at >= {_WEEK}""",
    ),
    _ask(
        "hidden_admins",
        "Which local accounts are hidden administrators?",
        "SELECT serial_number, username, user_created_at FROM local_users WHERE hidden_user = 1 AND type LIKE 'Admin%'",
    ),
    _ask(
        "unencrypted",
        "Which Macs are not encrypted, or do not say?",
        """SELECT d.serial_number, f.status FROM devices d LEFT JOIN filevault f USING (device_id)
        WHERE d.platform = 'Mac' AND (f.status IS NULL OR f.status = 0)""",
    ),
    _ask(
        "silent",
        "How many devices have not checked in for thirty days, or never?",
        f"SELECT platform, count(*) FROM devices WHERE coalesce(last_check_in, '') < {_MONTH} GROUP BY 1",
    ),
    _ask(
        "failing_items",
        "Which library items fail on that Mac?",
        f"""SELECT DISTINCT b.library_item_name, s.status FROM library_item_status s
        LEFT JOIN blueprint_library_items b USING (library_item_id)
        WHERE s.serial_number = {_ZERO} AND upper(s.status) IN ('ERROR', 'FAILED', 'EXCEPTION')""",
    ),
    _ask(
        "threats",
        "Which threats were found in the last month?",
        f"SELECT threat_name, count(*) AS n FROM threats WHERE detection_date >= {_MONTH} GROUP BY 1",
    ),
    _ask(
        "unsigned",
        "Which apps are signed by nobody, on how many devices?",
        "SELECT bundle_id, count(DISTINCT device_id) AS n FROM apps WHERE enrolled AND ad_hoc_code_signed GROUP BY 1",
    ),
    _ask(
        "old_macs",
        "How many Macs are on a system older than 26.0, by model?",
        """SELECT model, count(*) AS n FROM devices WHERE platform = 'Mac'
        AND version_key(os_version) < version_key('26.0') GROUP BY 1 ORDER BY n DESC""",
    ),
    _ask(
        "by_hour",
        "At which hours of the day was the audit log written to?",
        "SELECT strftime('%H', occurred_at) AS hour, count(*) AS n FROM audit_events GROUP BY 1 ORDER BY 1",
    ),
    _ask(
        "without_app",
        "How many Macs are without the browser?",
        f"""SELECT count(*) FROM devices d WHERE d.platform = 'Mac' AND NOT EXISTS
        (SELECT 1 FROM apps a WHERE a.device_id = d.device_id AND a.bundle_id = '{STORY.browser_bundle_id}')""",
    ),
    _ask(
        "both",
        "Which devices have both the app and the launch agent?",
        f"""SELECT DISTINCT a.serial_number FROM apps a JOIN launch_items l USING (device_id)
        WHERE a.bundle_id = '{STORY.app_bundle_id}' AND l.label = '{STORY.launch_label}'""",
    ),
    _ask(
        "departments",
        "Unencrypted Macs by department of their owner?",
        """SELECT coalesce(u.department, 'nobody') AS department, count(DISTINCT d.device_id) AS n FROM devices d
        JOIN filevault f USING (device_id) LEFT JOIN users u ON u.email = d.user_email
        WHERE d.platform = 'Mac' AND f.status = 0 GROUP BY 1 ORDER BY n DESC, 1""",
    ),
    _ask(
        "archived_holders",
        "Which archived people still hold devices, how many?",
        """SELECT u.email, count(DISTINCT d.device_id) AS n FROM users u JOIN devices d ON d.user_email = u.email
        WHERE u.archived = 1 GROUP BY 1 ORDER BY 1""",
    ),
    _ask(
        "exploited_and_weak",
        "Which Macs have a known-exploited CVE and are not encrypted?",
        """SELECT DISTINCT d.serial_number FROM devices d JOIN detections x USING (device_id)
        JOIN vulnerabilities v ON v.cve_id = x.cve_id JOIN filevault f USING (device_id)
        WHERE v.kev_score > 0 AND f.status = 0 ORDER BY 1""",
    ),
    _ask(
        "kev_by_department",
        "People by department whose devices have a known-exploited CVE?",
        """SELECT u.department, count(DISTINCT u.email) AS people FROM vulnerabilities v
        JOIN detections x ON x.cve_id = v.cve_id JOIN devices d USING (device_id)
        JOIN users u ON u.email = d.user_email WHERE v.kev_score > 0 GROUP BY 1 ORDER BY 1""",
    ),
    _ask(
        "threat_and_admin",
        "Which devices with an unquarantined threat have a hidden account?",
        """SELECT DISTINCT t.serial_number, l.username FROM threats t JOIN local_users l USING (device_id)
        WHERE t.status <> 'quarantined' AND l.hidden_user = 1""",
    ),
    _ask(
        "sip_off",
        "On how many Macs is SIP off, by blueprint?",
        """SELECT d.blueprint_name, count(*) AS n FROM startup_settings s JOIN devices d USING (device_id)
        WHERE s.sip = 0 GROUP BY 1 ORDER BY 1""",
    ),
    _ask(
        "only_here",
        "How many bundle ids are on exactly one device?",
        """SELECT count(*) FROM (SELECT bundle_id FROM apps WHERE enrolled AND bundle_id IS NOT NULL GROUP BY 1
        HAVING count(DISTINCT device_id) = 1)""",
    ),
    _ask(
        "silent_holders",
        "Whose devices have all been silent for thirty days?",
        f"""SELECT user_email FROM devices WHERE user_email IS NOT NULL GROUP BY 1
        HAVING max(coalesce(last_check_in, '')) < {_MONTH} ORDER BY 1""",
    ),
)


@dataclass(frozen=True, slots=True)
class SqlCost:
    """What one question cost, and its answer."""

    question: SqlQuestion
    answer: dict[str, Any]
    calls: int
    tokens: int
    requests: int


@asynccontextmanager
async def asking() -> AsyncIterator[IruClient]:
    """A client of the demo tenant at a fixed moment; whoever asks has prepared nothing."""
    limits = Limits(per_second=10_000.0)
    tenant = transport(now=NOW, hour_limit=1_000_000)
    client = IruClient(HOST, lambda: TOKEN, transport=tenant, limits=limits, now=lambda: NOW)
    client.filling = Filling("demo")
    try:
        yield client
    finally:
        await client.aclose()


async def play(client: IruClient, question: SqlQuestion) -> SqlCost:
    """Ask until it is answered."""
    tool, calls, text, before = catalogue()["inventory_query"], 0, "", client.requests
    while True:
        answer = await tool.run(client, {"sql": question.sql})
        calls, text = calls + 1, text + to_json(answer)
        if "rows" in answer:
            return SqlCost(question, answer, calls, tokens(text), client.requests - before)
        await anyio.sleep(answer["ask_again_seconds"])


async def play_all() -> list[SqlCost]:
    """All of them, in this order, on one server."""
    async with asking() as client:
        return [await play(client, question) for question in SQL_QUESTIONS]


def main() -> None:
    """Print the table."""
    found = anyio.run(play_all)
    print("| question | calls | tokens | requests | rows |\n| --- | ---: | ---: | ---: | ---: |")
    for one in found:
        rows = one.answer["returned"]
        print(f"| {one.question.text} | {one.calls} | {one.tokens:,} | {one.requests} | {rows} |")
    sums = sum(one.calls for one in found), sum(one.tokens for one in found), sum(one.requests for one in found)
    print(f"| **all {len(found)}** | {sums[0]} | {sums[1]:,} | {sums[2]} | |")


if __name__ == "__main__":
    main()
