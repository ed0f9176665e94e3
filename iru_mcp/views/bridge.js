/* The view's side of MCP Apps (extension io.modelcontextprotocol/ui, version 2026-01-26): JSON-RPC 2.0 over postMessage.

The view runs in a sandboxed frame and can reach nothing but its host. It introduces itself (ui/initialize), is given the
tool's arguments and result as notifications, and may ask the host to call a tool; the host decides, and asks its user where
it should. What must stay true: only messages of the parent window count; every wait is bounded; a host that goes away leaves
what was drawn, and says so. */

const PROTOCOL = "2026-01-26";
const INITIALIZE_MS = 10_000;
const CALL_MS = 120_000; // a person may have to approve the call first

class Host {
  /** @param {{input: Function, result: Function, cancelled: Function, context: Function}} on */
  constructor(on) {
    this.on = on;
    this.capabilities = {};
    this.pending = new Map();
    this.last = 0;
    addEventListener("message", (event) => {
      if (event.source === parent && event.data?.jsonrpc === "2.0") this.receive(event.data);
    });
  }

  /** Introduce the view. Rejects with an Error when no host answers, or one of another protocol version. */
  async connect(name, version) {
    const answer = await this.request("ui/initialize", {
      protocolVersion: PROTOCOL,
      appInfo: { name, version },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
    }, INITIALIZE_MS);
    if (answer.protocolVersion !== PROTOCOL) {
      throw new Error(`This client speaks version ${answer.protocolVersion} of MCP Apps; this view needs ${PROTOCOL}.`);
    }
    this.capabilities = answer.hostCapabilities ?? {};
    this.on.context(answer.hostContext ?? {});
    this.send({ method: "ui/notifications/initialized", params: {} });
    this.reportSize();
  }

  get canCallTools() {
    return "serverTools" in this.capabilities;
  }

  /** The result of a tool call that the host approved. Rejects with an Error otherwise. */
  callTool(name, args) {
    return this.request("tools/call", { name, arguments: args }, CALL_MS);
  }

  request(method, params, milliseconds) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.pending.delete(id);
        reject(new Error(`The client did not answer within ${milliseconds / 1000} seconds.`));
      }, milliseconds);
      this.pending.set(id, { resolve, reject, late });
      this.send({ id, method, params });
    });
  }

  send(message) {
    parent.postMessage({ jsonrpc: "2.0", ...message }, "*"); // a sandboxed frame cannot know its host's origin
  }

  receive(message) {
    if (message.method === undefined) return this.settle(message);
    const notifications = {
      "ui/notifications/tool-input": (params) => this.on.input(params.arguments ?? {}),
      "ui/notifications/tool-result": (params) => this.on.result(params),
      "ui/notifications/tool-cancelled": (params) => this.on.cancelled(params.reason ?? ""),
      "ui/notifications/host-context-changed": (params) => this.on.context(params),
    };
    if (message.id === undefined) return notifications[message.method]?.(message.params ?? {});
    const known = message.method === "ping" || message.method === "ui/resource-teardown";
    this.send(known ? { id: message.id, result: {} }
      : { id: message.id, error: { code: -32601, message: "This view has no such method." } });
  }

  settle({ id, result, error }) {
    const waiting = this.pending.get(id);
    if (!waiting) return;
    this.pending.delete(id);
    clearTimeout(waiting.late);
    if (error) waiting.reject(new Error(String(error.message ?? "The client refused.")));
    else waiting.resolve(result ?? {});
  }

  /** Tell the host how high the view is, now and whenever that changes. */
  reportSize() {
    let told = "";
    const tell = () => {
      const width = Math.ceil(document.documentElement.clientWidth);
      const height = Math.ceil(document.body.getBoundingClientRect().height);
      if (told === `${width} ${height}`) return;
      told = `${width} ${height}`;
      this.send({ method: "ui/notifications/size-changed", params: { width, height } });
    };
    new ResizeObserver(tell).observe(document.body);
    tell();
  }
}
