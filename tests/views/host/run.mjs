// usage: node run.mjs FOLDER <scenarios.json: runs each scenario in headless Chromium and prints what was seen as JSON.
//
// The page is served from the server's own origin through a pass-through, so that the client in the page may call it: what
// is asked of /N goes to the server of scenario N. A few scenarios run side by side.
// A scenario: {name, url: the server's /mcp, tool, args}, or {name, file: a page to open without a host}, and as wanted:
// width, theme, retheme (the host's theme changes), approve (false: the user refuses), result (instead of the server's),
// deaf (the host does not answer), click and expect (words), press (keys, on the time axis), print. FOLDER gets a picture of each.
import { createServer, request } from "node:http";
import { readFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import esbuild from "esbuild";
import Ajv from "ajv/dist/2020.js";
import { chromium } from "playwright-core";

const SIDE_BY_SIDE = 4;
const folder = process.argv[2];
const scenarios = JSON.parse(readFileSync(0, "utf8"));
mkdirSync(folder, { recursive: true });
const { outputFiles } = await esbuild.build({ entryPoints: [join(import.meta.dirname, "host.js")], bundle: true, write: false, format: "esm", platform: "browser", logLevel: "error" });
const page0 = `<!doctype html><meta charset="utf-8"><title>host</title><style>body{margin:0}iframe{border:0;width:100%;display:block}</style><body><script type="module">${outputFiles[0].text.replaceAll("</script", "<\\/script")}</script>`;
const server = createServer((incoming, outgoing) => {
  if (incoming.url === "/") return outgoing.setHeader("content-type", "text/html").end(page0);
  if (incoming.url === "/favicon.ico") return outgoing.writeHead(204).end();
  const upstream = new URL(scenarios[Number(incoming.url.slice(1))].url);
  const headers = { ...incoming.headers, host: upstream.host };
  delete headers.origin;
  incoming.pipe(request({ host: upstream.hostname, port: upstream.port, path: upstream.pathname, method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  }).on("error", () => outgoing.writeHead(502).end()));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const schema = JSON.parse(readFileSync(join(import.meta.dirname, "node_modules/@modelcontextprotocol/ext-apps/dist/src/generated/schema.json"), "utf8"));
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(schema, "apps");
const SCHEMAS = { "ui/initialize": "McpUiInitializeRequest", "ui/notifications/initialized": "McpUiInitializedNotification", "ui/notifications/size-changed": "McpUiSizeChangedNotification", "ui/open-link": "McpUiOpenLinkRequest" };

/** What is wrong with the messages that a view sent, by the published schema of each. */
function wrongMessages(messages) {
  return messages.filter((message) => message.method && message.method !== "tools/call").flatMap((message) => {
    const name = SCHEMAS[message.method];
    if (!name) return [`${message.method} is not a message of the protocol`];
    const { method, params } = message;
    return ajv.validate(`apps#/$defs/${name}`, { method, params }) ? [] : [`${method}: ${ajv.errorsText()}`];
  });
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
/** What scenario `number` showed. */
async function run(one, number) {
  const context = await browser.newContext({ viewport: { width: one.width ?? 900, height: 900 }, colorScheme: one.theme ?? "light", reducedMotion: "reduce" });
  const page = await context.newPage();
  const console_ = [], requests = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) console_.push(message.text()); });
  page.on("pageerror", (error) => console_.push(String(error)));
  page.on("request", (sent) => { const url = sent.url(); if (!url.startsWith(origin) && url !== `file://${one.file}` && !url.startsWith("about:") && !url.startsWith("data:")) requests.push(url); });
  await page.goto(one.file ? `file://${one.file}` : `${origin}/`);
  if (!one.file) await page.evaluate((given) => window.show(given), { ...one, url: `${origin}/${number}` });
  const frame = one.file ? page.mainFrame() : await (await page.waitForSelector("#view")).contentFrame();
  await frame.waitForFunction(() => document.querySelector("#view").childElementCount > 0 || !document.querySelector("#status").textContent.startsWith("Waiting"), null, { timeout: 20_000 });
  await frame.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))).catch(() => null);
  const before = await frame.innerText("body");
  if (one.click) {
    await frame.getByRole("button", { name: one.click }).first().click();
    await frame.waitForFunction((words) => document.body.innerText.includes(words), one.expect, { timeout: 20_000 });
  }
  for (const key of one.press ?? []) await frame.locator("[aria-label^='Time axis']").press(key);
  if (one.retheme) await page.evaluate((theme) => window.theme(theme), one.retheme);
  if (one.print) await page.emulateMedia({ media: "print" });
  const height = await frame.evaluate(() => Math.ceil(document.body.getBoundingClientRect().height));
  await page.setViewportSize({ width: one.width ?? 900, height: Math.min(4000, Math.max(400, height)) });
  await page.screenshot({ path: join(folder, `${one.name}.png`) });
  const facts = await frame.evaluate(() => ({
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
    elements: [...new Set([...document.body.querySelectorAll("*")].map((element) => element.localName))].sort(),
    identifiers: [...document.querySelectorAll("[id]")].map((element) => element.id),
    unnamed: [...document.querySelectorAll("button")].filter((button) => !button.innerText.trim()).length,
    scheme: getComputedStyle(document.documentElement).colorScheme,
  }));
  const kept = one.file ? { messages: [], calls: [] } : await page.evaluate(() => window.record);
  const shown = { name: one.name, text: await frame.innerText("body"), before, console: console_, requests, wrong: wrongMessages(kept.messages), methods: kept.messages.map((message) => message.method).filter(Boolean), calls: kept.calls, resource: kept.resource, ...facts };
  await context.close();
  return shown;
}

const seen = [];
const waiting = scenarios.entries();
async function runSome() {
  for (const [number, one] of waiting) {
    seen[number] = await run(one, number).catch((error) => { throw new Error(`${one.name}: ${error.message}`, { cause: error }); });
  }
}
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, runSome));
await browser.close();
server.close();
server.closeAllConnections();
process.stdout.write(JSON.stringify(seen), () => process.exit(0)); // esbuild's service would keep the process
