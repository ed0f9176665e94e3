// A minimal MCP Apps host: the official client and bridge, one sandboxed frame, and a record of what crossed it.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { AppBridge, PostMessageTransport, getToolUiResourceUri, RESOURCE_MIME_TYPE } from "@modelcontextprotocol/ext-apps/app-bridge";

const EXTENSION = "io.modelcontextprotocol/ui";
const record = { messages: [], calls: [], sizes: [] };
window.record = record;

/** Call `tool` on the server at `url` and hand the answer to its view. `approve` says whether calls of the view are allowed. */
window.show = async ({ url, tool, args = {}, theme = "light", approve = true, result: given = null, deaf = false }) => {
  const client = new Client({ name: "view-host", version: "1" }, { capabilities: { extensions: { [EXTENSION]: { mimeTypes: [RESOURCE_MIME_TYPE] } } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { tools } = await client.listTools();
  const uri = getToolUiResourceUri(tools.find((one) => one.name === tool));
  const { contents } = await client.readResource({ uri });
  const result = given ?? await client.callTool({ name: tool, arguments: args });
  record.resource = { uri, mimeType: contents[0].mimeType, meta: contents[0]._meta, size: contents[0].text.length };

  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.id = "view";
  document.body.replaceChildren(frame);
  addEventListener("message", (event) => { if (event.source === frame.contentWindow) record.messages.push(event.data); });
  frame.srcdoc = contents[0].text;
  if (deaf) return new Promise((resolve) => { frame.onload = resolve; });
  const bridge = new AppBridge(null, { name: "view-host", version: "1" }, { serverTools: {}, openLinks: {} }, { hostContext: { theme, platform: "web" } });
  bridge.oncalltool = async (params) => {
    record.calls.push(params);
    if (!approve) throw new Error("The user did not approve the call.");
    return client.callTool(params);
  };
  bridge.onsizechange = ({ width, height }) => { record.sizes.push([width, height]); frame.style.height = `${height}px`; };
  const ready = new Promise((resolve) => { bridge.oninitialized = resolve; });
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  await ready;
  await bridge.sendToolInput({ arguments: args });
  await bridge.sendToolResult(result);
  window.bridge = bridge;
};
window.theme = (theme) => window.bridge.sendHostContextChange({ theme });
