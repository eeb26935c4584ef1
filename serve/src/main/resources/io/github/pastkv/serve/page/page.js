"use strict";
const find = id => document.getElementById(id);
const messages = [];
let latest = null;
let before = null;
let aborter = null;

find("key").value = sessionStorage.getItem("key") || "";
find("key").addEventListener("change", () => sessionStorage.setItem("key", find("key").value));

function headers() {
  const key = find("key").value;
  return key ? { "Content-Type": "application/json", "Authorization": "Bearer " + key } : { "Content-Type": "application/json" };
}

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) { count /= 1024; unit++; }
  return (unit === 0 ? count : count.toFixed(1)) + " " + units[unit];
}

function seconds(value) {
  return value === null ? "" : value < 1 ? Math.round(value * 1000) + " ms" : value.toFixed(1) + " s";
}

function cells(row, texts) {
  for (const text of texts) { row.insertCell().textContent = text; }
}

function fill(body, items, toTexts) {
  body.replaceChildren();
  for (const item of items) { cells(body.insertRow(), toTexts(item)); }
}

function model() {
  return latest && (latest.models.find(each => each.name === find("model").value) || latest.models[0]);
}

function showModels() {
  const select = find("model");
  const names = latest.models.map(each => each.name);
  if ([...select.options].map(each => each.value).join("\n") !== names.join("\n")) {
    select.replaceChildren(...names.map(name => new Option(name, name)));
  }
}

function showFigures(now) {
  const list = find("figures");
  const old = before && before.models.find(each => each.name === now.name);
  const rate = old ? Math.max(0, now.generated_tokens - old.generated_tokens) / (latest.time - before.time) : 0;
  const hits = now.prefix.tokens_asked ? Math.round(100 * now.prefix.tokens_reused / now.prefix.tokens_asked) + " %" : "none yet";
  const figures = [["Running", now.running], ["Waiting", now.waiting], ["Tokens made a second", rate.toFixed(1)],
    ["Prompt tokens from the cache", hits], ["Forward passes", now.engine.passes], ["Tokens computed", now.engine.tokens],
    ["Preemptions", now.engine.preemptions], ["Blocks evicted", now.prefix.evicted], ["Context", now.context_length]];
  list.replaceChildren();
  for (const [name, value] of figures) {
    const box = document.createElement("div");
    const term = document.createElement("dt");
    term.textContent = name;
    const figure = document.createElement("dd");
    figure.textContent = value;
    box.append(term, figure);
    list.append(box);
  }
}

/* The cells of the map, each a state and an owner's index. */
function cellsOf(map) {
  return map.runs.flatMap(([state, owner, length]) => Array.from({ length }, () => ({ state, owner })));
}

function ownerName(owner) {
  return owner.name || "written by a step";
}

/* Colors of tenants repeat after six of them. What a step writes is of no tenant yet. */
function ownerColor(owners, owner) {
  return owners[owner].name === "" ? "--step" : "--tenant" + owners.filter(each => each.name !== "").indexOf(owners[owner]) % 6;
}

/* One square for each cell of the map: by use, or by tenant, where those that are only cached are pale and shared ones have a dot. */
function showBlocks(pool) {
  const canvas = find("blocks");
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const cells = cellsOf(pool.map);
  let size = 24;
  while (size > 3 && Math.floor(width / size) * Math.floor(height / size) < cells.length) { size--; }
  const columns = Math.max(1, Math.floor(width / size));
  const style = getComputedStyle(document.documentElement);
  const color = name => style.getPropertyValue(name);
  const isByTenant = find("blocksBy").value === "tenant";
  cells.forEach(({ state, owner }, i) => {
    const x = (i % columns) * size;
    const y = Math.floor(i / columns) * size;
    context.globalAlpha = isByTenant && state === "cached" ? 0.45 : 1;
    context.fillStyle = color(isByTenant && owner !== null ? ownerColor(pool.owners, owner) : "--" + state);
    context.fillRect(x, y, size - 1, size - 1);
    if (isByTenant && state === "shared") {
      context.fillStyle = color("--card");
      context.fillRect(x + size / 2 - 1, y + size / 2 - 1, Math.max(1, size / 6), Math.max(1, size / 6));
    }
  });
  map.cells = cells;
  map.columns = columns;
  map.size = size;
  map.owners = pool.owners;
  showLegend(pool, isByTenant);
}

const map = { cells: [], columns: 1, size: 24, owners: [] };

function showLegend(pool, isByTenant) {
  const free = ["--free", "free, of memory taken: " + bytes(Math.max(0, pool.pool_bytes - pool.held_bytes - pool.cached_bytes))];
  const parts = isByTenant
    ? [...pool.owners.map((owner, i) => [ownerColor(pool.owners, i), ownerName(owner)]), ["--free", "free"]]
    : [["--shared", "shared by requests: " + bytes(pool.shared_bytes)], ["--held", "held by one request: " + bytes(pool.held_bytes - pool.shared_bytes)],
      ["--cached", "cached prefixes: " + bytes(pool.cached_bytes)], free];
  const texts = isByTenant ? ["pale: only cached", "with a dot: shared by requests"] : ["limit: " + bytes(pool.limit_bytes)];
  if (pool.map.blocks_per_cell > 1) { texts.push("a square is " + pool.map.blocks_per_cell + " blocks"); }
  find("legend").replaceChildren(...parts.map(([color, text]) => {
    const item = document.createElement("li");
    const mark = document.createElement("i");
    mark.style.background = "var(" + color + ")";
    item.append(mark, text);
    return item;
  }), ...texts.map(text => Object.assign(document.createElement("li"), { textContent: text })));
  find("blocks").setAttribute("aria-label", "Blocks of the cache: " + parts.map(([, text]) => text).join(", "));
  fill(find("ownerRows"), pool.owners, owner => [ownerName(owner), bytes(owner.held_bytes - owner.shared_bytes), bytes(owner.shared_bytes), bytes(owner.cached_bytes)]);
}

find("blocksBy").addEventListener("change", show);
find("blocks").addEventListener("mousemove", event => {
  const cell = map.cells[Math.floor(event.offsetY / map.size) * map.columns + Math.floor(event.offsetX / map.size)];
  find("blocks").title = cell === undefined ? "" : cell.state + (cell.owner === null ? "" : ", " + ownerName(map.owners[cell.owner]));
});

function showTiers(tiers) {
  find("tiers").hidden = tiers.length === 0;
  fill(find("tierRows"), tiers, tier => [tier.name, bytes(tier.bytes), tier.tokens_loaded,
    tier.load_seconds > 0 ? bytes(tier.bytes_loaded / tier.load_seconds) + "/s" : "",
    tier.chunks_taken, tier.chunks_dropped, tier.chunks_refused]);
}

/* The prefixes that the last prompts share: from left to right by tokens, from top to bottom by prompts. A node zooms to itself, by the
   path to it, as each status has new nodes. */
const tree = { shown: "", path: [] };

function zoomTo(path) {
  tree.path = path.map(node => ({ from: node.from, text: node.text }));
  tree.shown = "";
  show();
}

/* The nodes of the zoomed path that are still there. Nodes become longer and shorter as prompts come and go. */
function zoomedPath(nodes) {
  const path = [];
  for (const step of tree.path) {
    const isLike = node => node.text !== "" && step.text !== "" && (node.text.startsWith(step.text) || step.text.startsWith(node.text));
    const here = nodes.filter(node => node.from === step.from);
    const next = here.find(node => node.text === step.text) || here.find(isLike);
    if (!next) { break; }
    path.push(next);
    nodes = next.children;
  }
  return path;
}

function describe(node) {
  return node.hits + " of " + node.prompts + " prompts found all of these " + node.tokens + " tokens (from token " + node.from
    + ") in the cache: " + JSON.stringify(node.text) + (node.tokens > 40 ? " ..." : "");
}

function lastToken(nodes) {
  return Math.max(0, ...nodes.map(node => Math.max(node.from + node.tokens, lastToken(node.children))));
}

function placeNodes(nodes, path, base, width, top, height, total) {
  const shown = [];
  for (const node of nodes) {
    const box = document.createElement("button");
    const share = height * node.prompts / total;
    box.type = "button";
    box.className = node.hits > 0 ? "hit" : "";
    box.textContent = node.hits + "/" + node.prompts + " " + node.text;
    box.title = describe(node);
    Object.assign(box.style, { left: 100 * (node.from - base) / width + "%", width: 100 * node.tokens / width + "%", top: top + "%", height: share + "%" });
    for (const type of ["mouseenter", "focus"]) { box.addEventListener(type, () => { find("node").textContent = describe(node); }); }
    box.addEventListener("click", () => { zoomTo([...path, node]); find("whole").focus(); });
    shown.push(box, ...placeNodes(node.children, [...path, node], base, width, top, share, node.prompts));
    top += share;
  }
  return shown;
}

function showTree(nodes) {
  const text = JSON.stringify(nodes);
  if (text === tree.shown) { return; } // keeps the focus
  tree.shown = text;
  const path = zoomedPath(nodes);
  const zoom = path.at(-1);
  const roots = zoom ? [zoom] : nodes;
  const base = zoom ? zoom.from : 0;
  const total = roots.reduce((sum, node) => sum + node.prompts, 0);
  find("tree").replaceChildren(...placeNodes(roots, path.slice(0, -1), base, Math.max(1, lastToken(roots) - base), 0, 100, total));
  find("whole").disabled = !zoom;
}

find("whole").addEventListener("click", () => zoomTo([]));
for (const id of ["model", "key"]) { find(id).addEventListener("change", () => zoomTo([])); }

function show() {
  const now = model();
  if (!now) { return; }
  showModels();
  showFigures(now);
  showBlocks(now.pool);
  showTiers(now.tiers);
  showTree(now.prompt_tree);
  fill(find("runs"), now.requests, run => [run.state, run.tenant, run.prompt_tokens, run.generated_tokens, seconds(run.first_token_seconds), seconds(run.age_seconds)]);
  find("none").hidden = now.requests.length > 0;
  fill(find("misses"), now.recent_prompts, each => [each.reason, each.cached_tokens, each.prompt_tokens]);
}

async function refresh() {
  try {
    const response = await fetch("v1/status", { headers: headers(), cache: "no-store" });
    const answer = await response.json();
    if (!response.ok) { throw new Error(answer.error.message); }
    before = latest;
    latest = answer;
    find("state").textContent = "";
    show();
  } catch (error) {
    find("state").textContent = error instanceof TypeError ? "The server does not answer." : error.message;
  }
  setTimeout(refresh, document.hidden ? 5000 : 1000);
}

function turn(role, text) {
  const box = document.createElement("p");
  box.className = "turn";
  const name = document.createElement("b");
  name.textContent = role;
  const body = document.createElement("span");
  body.textContent = text;
  box.append(name, body);
  find("talk").append(box);
  find("talk").scrollTop = find("talk").scrollHeight;
  return body;
}

/* The data of server-sent events. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") { yield JSON.parse(line.slice(6)); }
    }
  }
}

async function answer() {
  const body = turn("assistant", "");
  const request = { model: find("model").value, messages, stream: true, stream_options: { include_usage: true } };
  const room = Number(find("tokens").value);
  if (room > 0) { request.max_completion_tokens = room; }
  if (find("temperature").value !== "") { request.temperature = Number(find("temperature").value); }
  aborter = new AbortController();
  find("send").disabled = true;
  find("stop").disabled = false;
  try {
    const response = await fetch("v1/chat/completions", { method: "POST", headers: headers(), body: JSON.stringify(request), signal: aborter.signal });
    if (!response.ok) { throw new Error((await response.json()).error.message); }
    for await (const event of events(response)) {
      if (event.error) { throw new Error(event.error.message); }
      const delta = event.choices.length > 0 ? event.choices[0].delta.content : "";
      body.textContent += delta || "";
      if (event.usage) {
        find("usage").textContent = event.usage.prompt_tokens + " tokens of prompt, " + event.usage.prompt_tokens_details.cached_tokens
          + " of them from the cache; " + event.usage.completion_tokens + " tokens of answer";
      }
      find("talk").scrollTop = find("talk").scrollHeight;
    }
  } catch (error) {
    if (error.name !== "AbortError") { turn("error", error.message).parentElement.classList.add("error"); }
  } finally {
    messages.push({ role: "assistant", content: body.textContent });
    aborter = null;
    find("send").disabled = false;
    find("stop").disabled = true;
  }
}

find("form").addEventListener("submit", event => {
  event.preventDefault();
  const text = find("text").value;
  if (aborter === null && text.trim() !== "") {
    find("text").value = "";
    messages.push({ role: "user", content: text });
    turn("you", text);
    answer();
  }
});
find("text").addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    find("form").requestSubmit();
  }
});
find("stop").addEventListener("click", () => aborter && aborter.abort());
find("clear").addEventListener("click", () => {
  if (aborter !== null) { aborter.abort(); }
  messages.length = 0;
  find("talk").replaceChildren();
  find("usage").textContent = "";
  find("text").focus();
});
window.addEventListener("resize", show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
refresh();
