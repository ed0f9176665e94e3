/* What all views share: text-only drawing, the notice of completeness, and the way from a tool's result to a drawing.

What a device reports is text, never markup: elements are made with createElement and text nodes, nothing is parsed as HTML,
and characters that change the direction of text are shown as a mark. A view is a function `draw(answer, page)` that returns
elements; `start(draw)` calls it with the answer in this file (iru-mcp view) or with the one that the host hands over. */

const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const SVG = "http://www.w3.org/2000/svg";

/** Any value as the text that stands for it. */
function text(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null || value === undefined) return "";
  return String(value).replace(DIRECTION, "\u25a1");
}

/** An element with attributes (functions become listeners) and children (anything else than an element becomes text). */
function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, text(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "")
    .map((child) => (child instanceof Node ? child : document.createTextNode(text(child)))));
  return element;
}

/** `last_check_in` as "Last check in"; known abbreviations stay as they are written. */
function label(name) {
  const words = text(name).replaceAll("_", " ").replace(/\b(cves?|id|os|mdm|url|ip|uid|kev|edr)\b/g, (word) =>
    word === "cves" ? "CVEs" : word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;

/** A moment as people read it, in UTC as all answers are; other values as they are. */
function shown(value) {
  if (typeof value === "string" && MOMENT.test(value)) {
    return el("time", { datetime: value, title: value }, `${value.slice(0, 10)} ${value.slice(11, 16)}`);
  }
  if (Array.isArray(value)) {
    return value.every((item) => typeof item !== "object") ? value.map(text).join(", ") : el("div", {}, value.map(shown));
  }
  if (value && typeof value === "object") return facts(value);
  return text(value);
}

/** Names and values of an object. */
function facts(object) {
  return el("dl", {}, Object.entries(object).filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => el("div", {}, el("dt", {}, label(name)), el("dd", {}, shown(value)))));
}

/** A word with a tone (good, bad, unknown); the word says it, the colour only repeats it. */
function badge(words, tone) {
  return el("span", { class: `badge ${tone}` }, words);
}

/** Rows as a table with the columns they have; `cell(name, value, row)` may draw a cell. */
function table(rows, caption, cell = (name, value) => shown(value)) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const numeric = (name) => rows.every((row) => row[name] === undefined || typeof row[name] === "number");
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, columns.map((name) => el("th", { scope: "col", class: numeric(name) ? "number" : "" }, label(name))))),
      el("tbody", {}, rows.map((row) => el("tr", {}, columns.map((name) =>
        el("td", { class: numeric(name) ? "number" : "" }, row[name] === undefined ? "" : cell(name, row[name], row))))))));
}

/** Whether the answer is complete, in words, and every note it carries. */
function completeness(answer) {
  const notes = [...(answer.notes ?? [])];
  if (answer.next_cursor) notes.push("There is more: ask the assistant for the next page.");
  if (answer.cached_seconds) notes.push(`Read from Iru ${answer.cached_seconds} seconds ago.`);
  const missing = answer.not_looked_at ?? answer.summary?.not_looked_at ?? {};
  for (const [what, why] of Object.entries(missing)) notes.push(`Not looked at: ${what}. ${why}`);
  const state = answer.complete === undefined ? null : answer.complete
    ? badge("Complete", "good") : badge("Not complete", "bad");
  if (!state && !notes.length) return null;
  return el("aside", { class: "completeness", "aria-label": "Completeness" }, state,
    notes.length ? el("ul", {}, notes.map((note) => el("li", {}, note))) : null);
}

/** Any part of an answer: rows as a table, objects as facts, sections for what is nested. */
function anything(name, value, cell) {
  if (isRows(value)) return table(value, label(name), cell);
  if (!value || typeof value !== "object" || Array.isArray(value)) return facts({ [name]: value });
  const nested = Object.entries(value).filter(([, part]) => isRows(part) || isObject(part));
  const flat = Object.fromEntries(Object.entries(value).filter(([key]) => !nested.some(([other]) => other === key)));
  return [Object.keys(flat).length ? facts(flat) : null, nested.map(([key, part]) => (isRows(part)
    ? table(part, label(["rows", "items"].includes(key) ? name : key), cell)
    : el("section", {}, el("h3", {}, label(key)), anything(key, part, cell))))];
}

const isObject = (value) => Boolean(value) && typeof value === "object" && !Array.isArray(value);
const isRows = (value) => Array.isArray(value) && value.length > 0 && value.every(isObject);

class Page {
  constructor(draw) {
    this.draw = draw;
    this.main = document.getElementById("view");
    this.host = null;
    this.arguments = {};
  }

  /** A button that asks the host to call a tool and hands the answer to `then`; plain text where no host can. */
  ask(words, tool, args, then, hint = `${label(tool)}: ${words}`) {
    if (!this.host?.canCallTools) return el("span", {}, words);
    const button = el("button", { type: "button", class: "ask", title: hint, click: async () => {
      button.disabled = true;
      this.say(`Asking for ${tool} …`);
      try {
        const answer = read(await this.host.callTool(tool, args));
        this.say("");
        then(answer);
      } catch (error) {
        this.say(`${tool} gave no answer: ${error.message}`);
      } finally {
        button.disabled = false;
      }
    } }, words);
    return button;
  }

  /** Draw a further answer below, in place of the one before it. */
  below(title, elements) {
    document.getElementById("below")?.remove();
    const part = el("section", { id: "below", tabindex: -1, "aria-label": title }, el("h2", {}, title), elements);
    this.main.append(part);
    part.focus();
  }

  say(words) {
    document.getElementById("status").textContent = text(words);
  }

  show(answer) {
    this.main.replaceChildren(...[this.draw(answer, this)].flat(Infinity).filter(Boolean));
    this.say("");
  }

  result(result) {
    try {
      this.show(read(result));
    } catch (error) {
      this.main.replaceChildren(el("p", { role: "alert" }, error.message));
      this.say("");
    }
  }

  context(context) {
    if (context.theme) document.documentElement.style.colorScheme = context.theme;
    for (const [name, value] of Object.entries(context.styles?.variables ?? {})) {
      if (/^--[a-z0-9-]+$/.test(name) && value) document.documentElement.style.setProperty(name, value);
    }
  }
}

/** The answer in a tool's result. Throws an Error with the tool's own words when the call failed. */
function read(result) {
  const words = (result.content ?? []).filter((block) => block.type === "text").map((block) => block.text).join("\n");
  if (result.isError) throw new Error(words || "The tool failed.");
  return whole(result.structuredContent ?? JSON.parse(words));
}

/** The answer with what all its rows share put back into each: answers tell it once, in `in_every_row`. */
function whole(answer) {
  if (!answer.in_every_row || !Array.isArray(answer.items)) return answer;
  return { ...answer, items: answer.items.map((row) => ({ ...answer.in_every_row, ...row })) };
}

async function start(draw) {
  const page = new Page(draw);
  const kept = document.getElementById("answer");
  if (kept) {
    page.arguments = JSON.parse(kept.dataset.arguments);
    return page.show(whole(JSON.parse(kept.textContent)));
  }
  if (parent === window) return page.say("This page draws what an MCP client hands it. iru-mcp view writes it with an answer inside.");
  page.host = new Host({
    input: (args) => { page.arguments = args; },
    result: (result) => page.result(result),
    cancelled: (reason) => page.say(`The call was cancelled. ${reason}`),
    context: (context) => page.context(context),
  });
  try {
    await page.host.connect(document.title, document.documentElement.dataset.version);
  } catch (error) {
    page.say(error.message);
  }
}
