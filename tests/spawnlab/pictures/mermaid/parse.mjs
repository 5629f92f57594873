// Reads a JSON list of diagrams and prints what Mermaid makes of each: its parts, with entities decoded, or an error.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

function plain(text) {
  const marked = (text ?? "").replace(/ﬂ°°/g, "&#").replace(/ﬂ°/g, "&").replace(/¶ß/g, ";");
  return marked.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}

async function parts(text) {
  const { db, type } = await mermaid.mermaidAPI.getDiagramFromText(text);
  const found = { type, title: plain(db.getDiagramTitle?.()), about: plain(db.getAccDescription?.()) };
  if (type === "sequence") {
    found.actors = [...db.getActors().values()].map((actor) => [actor.name, plain(actor.description)]);
    found.messages = db.getMessages().map((m) => [m.type, m.from ?? null, m.to ?? null, plain(String(m.message ?? ""))]);
  } else {
    found.vertices = [...db.getVertices().values()].map((vertex) => [vertex.id, plain(vertex.text)]);
    found.edges = db.getEdges().map((edge) => [edge.start, edge.end, plain(edge.text)]);
  }
  return found;
}

const results = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    await mermaid.parse(text);
    results.push(await parts(text));
  } catch (error) {
    results.push({ error: String(error?.message ?? error) });
  }
}
// Not before all is written: a pipe takes it in pieces. The page that jsdom has made would keep the process alive.
process.stdout.write(JSON.stringify(results), () => process.exit(0));
