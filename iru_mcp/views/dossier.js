/* One device on one page: whose it is, how it is protected, what stands out first, and how complete each part is. */

/** What is protective when true, and what is when false. Other facts are shown without a judgement. */
const PROTECTION = {
  encrypted: ["Disk encrypted", "Disk not encrypted"], filevault_enabled: ["FileVault on", "FileVault off"],
  filevault_prk_escrowed: ["Recovery key escrowed", "Recovery key not escrowed"],
  sip: ["SIP on", "SIP off"], gatekeeper: ["Gatekeeper on", "Gatekeeper off"], firewall: ["Firewall on", "Firewall off"],
  secure_boot: ["Secure boot", "No secure boot"], agent_installed: ["Iru agent installed", "No Iru agent"],
  supervised: ["Supervised", "Not supervised"], mdm_enabled: ["MDM on", "MDM off"],
};
const INDICATORS = ["file_hash", "bundle_id", "label", "program", "threat_name", "file_path", "bundle_path", "cve_id"];

function badges(security) {
  const known = Object.entries(PROTECTION).filter(([name]) => name in security);
  return el("div", { class: "badges", role: "list", "aria-label": "Protection" }, known.map(([name, [yes, no]]) => {
    const value = security[name];
    const drawn = value === true ? badge(yes, "good") : value === false ? badge(no, "bad") : badge(`${label(name)}: ${text(value)}`, "unknown");
    drawn.setAttribute("role", "listitem");
    return drawn;
  }));
}

/** The rows of all parts that say why they stand out, and what is open. */
function standingOut(answer) {
  const found = [];
  for (const [name, part] of Object.entries(answer)) {
    if (!part || typeof part !== "object" || Array.isArray(part)) continue;
    if (part.open) found.push(`${part.open} open in ${label(name).toLowerCase()}`);
    if (part.known_exploited > 0) found.push(`${part.known_exploited} known exploited CVE${part.known_exploited > 1 ? "s" : ""}`);
    for (const row of Array.isArray(part.rows) ? part.rows : []) {
      if (row.why?.length) found.push(`${row.label ?? row.username ?? row.name ?? label(name)}: ${row.why.join(", ")}`);
    }
  }
  return found;
}

function drawDossier(answer, page) {
  const { device = {}, security = {}, protections = {}, states = {} } = answer;
  const cell = (name, value) => INDICATORS.includes(name) && typeof value === "string"
    ? page.ask(value, "find_indicator", { value }, (found) => page.below(`Where else: ${value}`, foundElements(found)))
    : shown(value);
  const owner = device.user_email ? page.ask(`${device.user_name ?? ""} <${device.user_email}>`, "find_devices_for_user",
    { email: device.user_email }, (found) => page.below(`Devices of ${device.user_email}`, [completeness(found), anything("devices", found.items ?? found)])) : "nobody assigned";
  const outstanding = standingOut(answer);
  const parts = Object.keys(answer).filter((name) => answer[name] && typeof answer[name] === "object" && !Array.isArray(answer[name])
    && !["device", "security", "states"].includes(name));
  const troubled = Object.entries(states).filter(([, state]) => state !== "ok");
  return [
    el("header", {}, el("h1", {}, device.device_name ?? "Device"),
      el("p", {}, [device.model, device.os_version && `${device.platform ?? ""} ${device.os_version}`, device.serial_number].filter(Boolean).map(text).join(" · ")),
      el("p", {}, "Holder: ", owner, device.blueprint_name ? ` · Blueprint: ${text(device.blueprint_name)}` : "")),
    badges({ ...security, ...protections, mdm_enabled: device.mdm_enabled }),
    completeness(answer),
    troubled.length ? el("section", {}, el("h2", {}, "Parts that are missing or partial"), facts(Object.fromEntries(troubled))) : null,
    el("section", { class: outstanding.length ? "lead" : "" }, el("h2", {}, "What stands out"),
      outstanding.length ? el("ul", {}, outstanding.map((line) => el("li", {}, line))) : el("p", {}, "Nothing in the parts that were read.")),
    parts.map((name) => el("section", {}, el("h2", {}, label(name), states[name] && states[name] !== "ok" ? ` (${text(states[name])})` : ""),
      anything(name, answer[name], cell))),
    el("details", {}, el("summary", {}, "All facts of the device"), facts(device), facts(security)),
  ];
}

/** What find_indicator answered, below the dossier. */
function foundElements(found) {
  const { found: places = {}, followed = {}, devices = {} } = found;
  return [completeness(found), el("p", {}, `On ${text(devices.count ?? "an unknown number of")} devices.`), anything("devices", devices),
    [...Object.entries(places), ...Object.entries(followed).filter(([, place]) => place?.rows)]
      .map(([name, place]) => el("section", {}, el("h3", {}, label(name)), anything(name, place)))];
}
