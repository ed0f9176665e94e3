// Asks a server with the official TypeScript SDK, which checks each answer against the tool's output schema.
// Run by scripts/typescript: node typescript-client.mjs MODULES TRANSPORT ADDRESS < calls.json; prints one JSON line.
import { pathToFileURL } from "node:url"
import { readFileSync } from "node:fs"

const [modules, transport, ...address] = process.argv.slice(2)
const sdk = (path) => import(pathToFileURL(`${modules}/@modelcontextprotocol/sdk/dist/esm/client/${path}.js`))
const { Client } = await sdk("index")
const open = {
  stdio: async () => {
    const { StdioClientTransport } = await sdk("stdio")
    return new StdioClientTransport({ command: address[0], args: address.slice(1), env: process.env, stderr: "ignore" })
  },
  http: async () => {
    const { StreamableHTTPClientTransport } = await sdk("streamableHttp")
    return new StreamableHTTPClientTransport(new URL(`${address[0]}/mcp`))
  },
  sse: async () => {
    const { SSEClientTransport } = await sdk("sse")
    return new SSEClientTransport(new URL(`${address[0]}/sse`))
  },
}

const client = new Client({ name: "iru-mcp-typescript", version: "1" })
await client.connect(await open[transport]())
const { tools } = await client.listTools() // from now on answers are validated
const failed = []
let answered = 0
for (const [name, args] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const answer = await client.callTool({ name, arguments: args }, undefined, { timeout: 120_000 })
    answered += 1
    if (answer.isError) failed.push([name, args, answer.content[0]?.text.slice(0, 300)])
    else if (answer.structuredContent === undefined) failed.push([name, args, "no structured content"])
  } catch (error) {
    failed.push([name, args, String(error.message).slice(0, 300)])
  }
}
await client.close()
console.log(JSON.stringify({ tools: tools.length, answered, failed }))
