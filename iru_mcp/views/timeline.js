/* What happened, as lanes by source over a time axis that can be zoomed, beside the same rows as a list.

A run of like events is a bar from its first to its last; what stands out is marked and named; where a source was not read, or
not back to the beginning, its lane is hatched from the end of what was read and says why. Zoom: the buttons, + and -, the arrow keys. */

const LANE = 28, LEFT = 104, TOP = 22;
const at = (moment) => Date.parse(moment);
const standsOut = (item) => Boolean(item.notable);
/** What devices and Iru do all the time, unless it stands out. */
const isRoutine = (item) => !item.notable && ["device", "activity", "commands"].includes(item.source);

/** From a source's state ("ok", "partial: read back to 2026-11-03", ...) what is said of its lane; empty when it was read whole. */
const gapOf = (state) => (typeof state === "string" && !/^ok\b/.test(state) ? state : "");

function ticks(from, to, most) {
  const day = 86_400_000, steps = [3_600_000, 6 * 3_600_000, day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day, 365 * day];
  const step = steps.find((size) => (to - from) / size <= most) ?? steps.at(-1);
  const found = [];
  for (let moment = Math.ceil(from / step) * step; moment <= to; moment += step) found.push(moment);
  return found.map((moment) => ({ moment, words: new Date(moment).toISOString().slice(...(step < day ? [5, 16] : [0, 10])).replace("T", " ") }));
}

function drawTimeline(answer, page) {
  const items = (answer.items ?? []).filter((item) => item.time);
  const sources = answer.summary?.sources ?? {};
  const lanes = [...new Set([...items.map((item) => item.source), ...Object.keys(sources).filter((name) => gapOf(sources[name]))])];
  const first = Math.min(...items.map((item) => at(item.first ?? item.time))), last = Math.max(...items.map((item) => at(item.time)));
  const whole = items.length ? [first - (last - first) * 0.03 - 60_000, last + (last - first) * 0.03 + 60_000] : [0, 1];
  let range = [...whole], chosen = -1, routine = false;
  const picture = el("div", { tabindex: 0, role: "group", "aria-label": "Time axis. Plus and minus zoom, arrow keys move." });
  const list = el("div", { class: "list" });

  const choose = (index) => {
    chosen = index;
    redraw();
    list.querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
  };
  const zoom = (factor, move = 0) => {
    const middle = (range[0] + range[1]) / 2 + move * (range[1] - range[0]);
    const half = Math.min((range[1] - range[0]) * factor, whole[1] - whole[0]) / 2;
    range = [middle - half, middle + half];
    redraw();
  };
  picture.addEventListener("keydown", (event) => {
    const keys = { "+": [0.5], "-": [2], ArrowLeft: [1, -0.2], ArrowRight: [1, 0.2] };
    if (!keys[event.key]) return;
    event.preventDefault();
    zoom(...keys[event.key]);
  });
  const redraw = () => {
    const wide = Math.max(300, picture.clientWidth || 640);
    picture.replaceChildren(lanesOf(items, lanes, sources, range, chosen, choose, wide));
    list.replaceChildren(listOf(items, range, chosen, routine, choose));
  };
  if (items.length) new ResizeObserver(redraw).observe(picture);
  const showRoutine = el("button", { type: "button", "aria-pressed": false, click: () => {
    routine = !routine;
    showRoutine.setAttribute("aria-pressed", String(routine));
    redraw();
  } }, "Show routine events");
  const outstanding = items.filter(standsOut).length;
  const who = answer.summary?.user?.name ?? answer.summary?.device?.device_name ?? answer.summary?.devices?.[0]?.device_name ?? "";
  return [
    el("h1", {}, who ? `Timeline: ${text(who)}` : "Timeline"),
    el("p", {}, items.length ? `${items.length} rows from ${text(items.at(-1).first ?? items.at(-1).time)} to ${text(items[0].time)} (UTC); ${outstanding} stand out.`
      : "No event in what was read."),
    completeness(answer),
    items.length ? el("div", { class: "toolbar" },
      el("button", { type: "button", click: () => zoom(0.5) }, "Zoom in"), el("button", { type: "button", click: () => zoom(2) }, "Zoom out"),
      el("button", { type: "button", click: () => { range = [...whole]; redraw(); } }, "Whole time"), showRoutine) : null,
    items.length ? el("div", { class: "two" }, picture, list) : null,
    Object.values(sources).some(gapOf) ? el("section", {}, el("h2", {}, "Sources that were not read whole"),
      facts(Object.fromEntries(Object.entries(sources).filter(([, state]) => gapOf(state))))) : null,
  ];
}

function lanesOf(items, lanes, sources, [from, to], chosen, choose, wide) {
  const x = (moment) => LEFT + ((moment - from) / (to - from)) * (wide - LEFT - 10);
  const y = (source) => TOP + lanes.indexOf(source) * LANE + LANE / 2;
  const inside = (moment) => moment >= from && moment <= to;
  const height = TOP + lanes.length * LANE + 6;
  return svg("svg", { class: "lanes", viewBox: `0 0 ${wide} ${height}`, role: "img", "aria-label": `${items.length} rows in ${lanes.length} lanes` },
    ticks(from, to, wide < 480 ? 3 : 7).map(({ moment, words }) => [svg("line", { class: "tick", x1: x(moment), x2: x(moment), y1: TOP, y2: height }),
      svg("text", { class: "soft", x: x(moment), y: 12, "text-anchor": "middle" }, words)]),
    lanes.map((name) => [svg("line", { class: "lane", x1: LEFT, x2: wide - 10, y1: y(name), y2: y(name) }),
      svg("text", { x: 0, y: y(name) + 4 }, label(name)), gapElements(name, sources[name], items, x, y, from, to)]),
    items.map((item, index) => {
      const end = at(item.time), begin = at(item.first ?? item.time), tone = standsOut(item) ? " stands-out" : "";
      const pick = { click: () => choose(index) };
      return [item.first && begin <= to && end >= from ? svg("line", { class: `run${tone}`, x1: x(Math.max(begin, from)), x2: x(Math.min(end, to)), y1: y(item.source), y2: y(item.source), ...pick }) : null,
        inside(end) ? svg("circle", { class: `dot${tone}${index === chosen ? " chosen" : ""}`, cx: x(end), cy: y(item.source), r: tone ? 6 : 4.5, ...pick },
          svg("title", {}, `${item.time} ${item.text}`)) : null];
    }));
}

/** The part of a lane that was not read: all of it, or what lies before the oldest event read. */
function gapElements(name, state, items, x, y, from, to) {
  const why = gapOf(state);
  if (!why) return null;
  const read = items.filter((item) => item.source === name).map((item) => at(item.first ?? item.time));
  const end = Math.min(to, read.length ? Math.min(...read) : to);
  if (end <= from) return null;
  return svg("rect", { class: "gap", x: x(from), y: y(name) - LANE / 2 + 3, width: Math.max(2, x(end) - x(from)), height: LANE - 6 }, svg("title", {}, why));
}

function listOf(items, [from, to], chosen, routine, choose) {
  const rows = items.map((item, index) => ({ item, index })).filter(({ item }) => at(item.time) >= from && at(item.first ?? item.time) <= to);
  const kept = routine ? rows : rows.filter(({ item }) => !isRoutine(item));
  const hidden = rows.length - kept.length;
  return [el("ol", { class: "events" }, kept.map(({ item, index }) => el("li", { class: index === chosen ? "chosen" : "" },
    el("div", { class: "when" }, shown(item.time), ` ${label(item.source)}`, item.device ? ` · ${text(item.device)}` : "",
      item.count ? ` · ${item.count} times since ${text(item.first)}` : ""),
    standsOut(item) ? badge("stands out", "bad") : null,
    el("button", { type: "button", class: "pick", click: () => choose(index) }, item.text)))),
  hidden ? el("p", {}, `${hidden} routine rows are not shown.`) : null].reduce((box, part) => (part && box.append(part), box), el("div"));
}
