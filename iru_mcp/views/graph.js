/* What hangs together, in columns by kind: account, people, devices, blueprints, apps, vulnerabilities.

Columns rather than a cloud of dots: names stay readable at 200 nodes, the order is the same each time, and a keyboard or a
screen reader goes through it as through lists. A column shows its first nodes and a count of the others; a click on a
node lights its edges and, where the host can ask, adds its neighbours (inventory_graph around it, one hop). */

const ORDER = ["account", "user", "person", "device", "blueprint", "profile", "app", "application", "vulnerability"];
const MOST_IN_A_COLUMN = 15;

const nodeName = (node) => text(node.name ?? node.device_name ?? node.user ?? node.id);
const rank = (type) => (ORDER.indexOf(type) < 0 ? ORDER.length : ORDER.indexOf(type));

/** Nodes by key and edges as [source key, words, target key], from an answer of inventory_graph. */
function graphOf(answer) {
  const key = (node) => `${node.type} ${node.id}`;
  const byNumber = new Map((answer.nodes ?? []).map((node) => [node.n, key(node)]));
  return { nodes: new Map((answer.nodes ?? []).map((node) => [key(node), node])),
    edges: (answer.edges ?? []).map(([source, verb, target]) => [byNumber.get(source), verb, byNumber.get(target)]) };
}

/** The same from an answer of find_indicator: each indicator, where it or what it leads to was found, and the devices. */
function graphOfFound(answer) {
  const nodes = new Map(), edges = [];
  for (const [number, found] of indicatorsOf(answer).entries()) addFound(nodes, edges, `indicator ${number}`, found);
  return { nodes, edges };
}

/** One indicator or several: a call with several has an answer for each. */
const indicatorsOf = (answer) => answer.indicators ?? [answer];

/** The lists in which an indicator was found, and those in which what it leads to was. */
const hitsOf = (found) => [...Object.entries(found.found ?? {}), ...Object.entries(found.followed ?? {}).filter(([, place]) => place?.rows)];

function addFound(nodes, edges, centre, found) {
  nodes.set(centre, { type: "indicator", id: centre, name: found.indicator });
  for (const [where, place] of hitsOf(found)) {
    for (const [index, row] of (place.rows ?? []).entries()) {
      const hit = `${centre} ${where} ${index}`;
      nodes.set(hit, { type: where, id: hit, name: row.name ?? row.threat_name ?? row.label ?? row.username ?? label(where), detail: row.version ?? row.path ?? row.status ?? "" });
      edges.push([centre, "found in", hit]);
      for (const serial of row.serial_numbers ?? (row.serial_number ? [row.serial_number] : [])) {
        nodes.set(`device ${serial}`, { type: "device", id: serial, name: deviceName(found, serial) });
        edges.push([hit, "on", `device ${serial}`]);
      }
    }
  }
}

const deviceName = (found, serial) => (found.devices?.items ?? found.devices?.rows ?? [])
  .find((device) => device.serial_number === serial)?.device_name ?? serial;

function drawGraph(answer, page) {
  const indicator = answer.indicator !== undefined || answer.indicators !== undefined;
  const graph = indicator ? graphOfFound(answer) : graphOf(answer);
  const state = { graph, lit: "", centre: graph.nodes.keys().next().value ?? "", open: new Set() };
  const box = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Graph" });
  const redraw = () => drawColumns(box, state, page, redraw, indicator);
  requestAnimationFrame(redraw);
  addEventListener("resize", redraw);
  return [
    el("h1", {}, indicator ? `Where it is: ${indicatorsOf(answer).map((found) => text(found.indicator)).join(", ")}` : `Around ${text(page.arguments.around ?? nodeName(graph.nodes.get(state.centre) ?? { id: "nothing" }))}`),
    graph.nodes.size > 1 ? null : el("p", {}, "Nothing is connected to it in what was read."),
    completeness(answer),
    answer.copy ? facts(answer.copy) : null,
    box,
    indicator ? [answer.no_hits_in?.length ? el("p", {}, `No hits in: ${answer.no_hits_in.map(label).join(", ")}.`) : null, el("details", { open: true }, el("summary", {}, "As a list"), foundList(answer))] : null,
  ];
}

const foundList = (answer) => indicatorsOf(answer).map((found) => [
  isRows(found.devices?.rows) ? table(found.devices.rows, `${text(found.indicator)}: devices`) : null,
  found.followed?.steps ? el("p", {}, `Followed: ${found.followed.steps.map(text).join("; ")}`) : null,
  hitsOf(found).map(([name, place]) => el("section", {}, el("h3", {}, label(name)), anything(name, place)))]);

function drawColumns(box, state, page, redraw, indicator) {
  const { graph } = state;
  const types = [...new Set([...graph.nodes.values()].map((node) => node.type))].sort((a, b) => (indicator ? 0 : rank(a) - rank(b)));
  if (indicator) types.sort((a, b) => (a === "device") - (b === "device"));
  const neighbours = new Set(graph.edges.filter(([a, , b]) => a === state.lit || b === state.lit).flatMap(([a, , b]) => [a, b]));
  const drawn = new Map();
  const columns = types.map((type) => {
    const all = [...graph.nodes].filter(([, node]) => node.type === type);
    const kept = state.open.has(type) ? all : all.slice(0, MOST_IN_A_COLUMN);
    const more = all.length - kept.length;
    return el("ul", { "aria-label": label(type) }, el("li", {}, el("h2", {}, `${label(type)} (${all.length})`)), kept.map(([key, node]) => {
      const button = nodeButton(key, node, state, page, redraw, indicator);
      if (neighbours.has(key)) button.classList.add("lit");
      drawn.set(key, button);
      return el("li", {}, button);
    }), more ? el("li", {}, el("button", { type: "button", click: () => { state.open.add(type); redraw(); } }, `and ${more} more`)) : null);
  });
  const lines = svg("svg", { "aria-hidden": "true" });
  const grid = el("div", { class: "columns" }, lines, columns);
  box.replaceChildren(grid);
  const origin = grid.getBoundingClientRect();
  lines.append(...graph.edges.filter(([a, , b]) => drawn.has(a) && drawn.has(b)).map(([a, verb, b]) => {
    const [left, right] = [drawn.get(a), drawn.get(b)].map((button) => button.getBoundingClientRect()).sort((one, other) => one.left - other.left);
    const from = [left.right - origin.left, left.top + left.height / 2 - origin.top], to = [right.left - origin.left, right.top + right.height / 2 - origin.top];
    const bend = Math.max(20, (to[0] - from[0]) / 2);
    return svg("path", { class: state.lit && (a === state.lit || b === state.lit) ? "lit" : "", d: `M${from} C${from[0] + bend},${from[1]} ${to[0] - bend},${to[1]} ${to}` }, svg("title", {}, verb));
  }));
}

function nodeButton(key, node, state, page, redraw, indicator) {
  const button = el("button", { type: "button", class: `node${key === state.centre ? " centre" : ""}`, "aria-pressed": key === state.lit, click: async () => {
    state.lit = key;
    redraw();
    if (indicator || !page.host?.canCallTools) return;
    page.say(`Asking for what is around ${nodeName(node)} …`);
    try {
      const added = graphOf(read(await page.host.callTool("inventory_graph", { around: text(node.id), hops: 1 })));
      for (const [other, one] of added.nodes) if (!state.graph.nodes.has(other)) state.graph.nodes.set(other, one);
      const known = new Set(state.graph.edges.map(String));
      state.graph.edges.push(...added.edges.filter((edge) => !known.has(String(edge))));
      page.say("");
      redraw();
    } catch (error) {
      page.say(`Nothing was added: ${error.message}`);
    }
  } }, nodeName(node), node.detail ? el("small", {}, node.detail) : null);
  return button;
}
