// The page of a household: checks its records in the browser, tells of new ones, and moves the clocks.
"use strict";

const byId = (id) => document.getElementById(id);
const utf8 = (text) => new TextEncoder().encode(text);
const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unbase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const same = (a, b) => hex(a) === hex(b);
const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
const leaf = (entry) => sha256(new Uint8Array([0]), entry);

class Bad extends Error {}
const must = (good, why) => { if (!good) throw new Bad(why); };

// RFC 9162, 2.1.3.2. Sizes are numbers below 2^53, so no bitwise operators on them.
async function included(index, size, hash, proof, root) {
  let at = index, last = size - 1, found = hash;
  if (!(index >= 0 && index < size)) return false;
  for (const step of proof.map(unbase64)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      found = await sha256(new Uint8Array([1]), step, found);
      while (at > 0 && at % 2 === 0) { at /= 2; last = Math.floor(last / 2); }
    } else found = await sha256(new Uint8Array([1]), found, step);
    at = Math.floor(at / 2); last = Math.floor(last / 2);
  }
  return last === 0 && same(found, root);
}

async function signed(note, vkey) {
  const [name, id, ...material] = vkey.split("+");
  const raw = unbase64(material.join("+")), end = note.lastIndexOf("\n\n");
  const key = await crypto.subtle.importKey("raw", raw.slice(1), "Ed25519", false, ["verify"]);
  for (const line of note.slice(end + 2).split("\n")) {
    const [, by, text] = line.split(" ");
    if (by !== name || hex(unbase64(text).slice(0, 4)) !== id) continue;
    return crypto.subtle.verify("Ed25519", key, unbase64(text).slice(4), utf8(note.slice(0, end + 1)));
  }
  return false;
}

// The keys of the log by the checkpoints that they count for (after `from` states, up to `to`): the one
// that is believed, and those before and after it, as far as notes that both keys signed lead (ADR 0022).
async function keys(believed, notes) {
  const found = new Map([[believed, { from: 0, to: Infinity }]]);
  // Whatever their order: a round for each step.
  for (const note of notes.flatMap(() => notes)) {
    const [first, old, next, size] = note.split("\n");
    if (first !== "shouwang/succession/1" || old.split("+")[0] !== next.split("+")[0]) continue;
    if (!found.has(old) && !found.has(next)) continue;
    const whole = { from: 0, to: Infinity }, ended = found.get(old) || whole, begun = found.get(next) || whole;
    // A key is followed once: who steals an old one gives it no other follower, and no longer time.
    if (ended.to < Infinity || begun.from || !(ended.from <= +size && +size <= begun.to)) continue;
    if (!(await signed(note, old) && await signed(note, next))) throw new Bad("key: succession");
    found.set(old, { ...ended, to: +size }).set(next, { ...begun, from: +size });
  }
  return found;
}

// By its hash, whether each record of the file was proved by its content, or by its hash alone.
async function verify(dossier, believed, told) {
  const [, size, root] = dossier.checkpoint.split("\n");
  const ours = await keys(believed, dossier.successions);
  must(ours.has(told), "key");
  const [signer] = [...ours].find(([, { from, to }]) => from < +size && +size <= to) || [];
  must(signer && await signed(dossier.checkpoint, signer), "checkpoint: signature");
  must(await included(size - 1, +size, await leaf(utf8(dossier.state)), dossier.state_proof, unbase64(root)), "state");
  const trees = Object.fromEntries(dossier.state.trimEnd().split("\n").slice(2).map((line) => {
    const [tree, count, hash] = line.split(" ");
    return [tree, { size: +count, root: unbase64(hash) }];
  }));
  // `known` says by its hash whether a record was proved by its content.
  const heads = {}, counts = {}, known = new Map(), places = new Map();
  for (const event of dossier.events) {
    const who = `${event.tree} #${event.index}`, hash = unhex(event.hash), tree = trees[event.tree];
    if (event.header !== undefined) {
      const data = typeof event.data === "string" ? utf8(event.data) : unbase64(event.data.base64);
      must(same(await sha256(unhex(event.prev_hash), utf8(event.header), data), hash), who);
      const [, , service, , , stream, version] = JSON.parse(event.header);
      const place = JSON.stringify([service, stream, version]);
      must((places.get(place) || event.hash) === event.hash, `fork: ${stream} v${version}`);
      places.set(place, event.hash);
    }
    must(tree && await included(event.index, tree.size, await leaf(hash), event.proof, tree.root), who);
    heads[event.tree] = await sha256(heads[event.tree] || new Uint8Array(32), hash);
    counts[event.tree] = (counts[event.tree] || 0) + 1;
    known.set(event.hash, event.header !== undefined);
  }
  const map = dossier.heads;
  if (map.entry !== undefined) {
    must(await included(map.index, trees.heads.size, await leaf(utf8(map.entry)), map.proof, trees.heads.root), "heads");
    const [key, ...lines] = map.entry.trimEnd().split("\n");
    must(key === dossier.key && location.pathname.endsWith(key), "heads: household");
    must(lines.length === Object.keys(heads).length, "heads: trees");
    for (const line of lines) {
      const [tree, count, head] = line.split(" ");
      must(counts[tree] === +count && hex(heads[tree]) === head, `heads: ${tree}`);
    }
  } else must(!known.size, "heads: absent");
  return known;
}

// The key that this browser saw first is the one that it goes on believing, and its successors.
function pinned(vkey) {
  try {
    const kept = localStorage.getItem("log-key") || vkey;
    localStorage.setItem("log-key", kept);
    return kept;
  } catch { return vkey; }
}

// Each record that the page shows says how it was proved.
function mark(rows, known, { byContent, byHash, byNothing }) {
  for (const li of rows) {
    const content = known.get(li.dataset.hash);
    li.querySelector(".proof").textContent = content ? byContent : content === false ? byHash : byNothing;
    if (content !== false) continue;
    const tag = document.createElement("strong");
    tag.className = "tag late";
    tag.textContent = byHash;
    li.querySelector("h4").append(" ", tag);
  }
}

async function badge(at) {
  const say = (text, kind) => { at.textContent = text; at.className = `badge ${kind}`; };
  const { dossier, key, count, checking, partly, bad, unsigned, unable, away } = at.dataset;
  const counted = (name, n) => n === 1 ? at.dataset[`${name}One`] : at.dataset[name].replace("{n}", n.toLocaleString("en"));
  if (!window.crypto || !crypto.subtle) return say(unable, "");
  say(checking, "");
  // What did not come, or not as a whole, proves nothing, and is no forgery.
  const come = async (from) => {
    const answer = await fetch(from);
    if (!answer.ok) throw answer.status;
    return (await answer.text()).trim();
  };
  let file, told;
  try { [file, told] = await Promise.all([come(dossier), come(key)]); } catch (why) { return say(why === 503 ? unsigned : away, ""); }
  try {
    const known = await verify(JSON.parse(file), pinned(told), told), newer = Math.max(0, count - known.size);
    const rows = [...document.querySelectorAll("[data-hash]")], unknown = rows.filter((li) => !known.has(li.dataset.hash));
    must(unknown.length <= newer, "page");
    mark(rows, known, at.dataset);
    if (!known.size) return say(unsigned, "");
    const more = newer ? counted("newer", newer) : "", hashes = [...known.values()].filter((content) => !content).length;
    if (!hashes) return say(counted("good", known.size) + more, "good");
    return say(partly.replace("{n}", known.size - hashes).replace("{m}", hashes) + more, "partly");
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return say(unable, "");
    return say(bad.replace("{why}", error instanceof Bad ? error.message : "format"), "bad");
  }
}

function slider(date) {
  const day = 864e5, range = document.createElement("input"), first = Date.parse(date.min);
  range.type = "range"; range.min = 0; range.max = (Date.parse(date.max) - first) / day;
  range.setAttribute("aria-label", `${date.labels[0].textContent}: ${date.dataset.slider}`);
  const follow = () => { range.value = (Date.parse(date.value) - first) / day; range.setAttribute("aria-valuetext", date.value); };
  range.addEventListener("input", () => { date.value = new Date(first + range.value * day).toISOString().slice(0, 10); follow(); });
  date.addEventListener("change", follow);
  follow();
  date.after(range);
}

function live(at) {
  const stream = new EventSource(at.dataset.live);
  const tell = (text) => {
    const link = document.createElement("a");
    // As the page is now: what it is narrowed to, and both clocks.
    link.href = "";
    link.textContent = text;
    at.replaceChildren(link);
  };
  stream.onmessage = () => tell(at.dataset.text);
  // After a break the browser comes again by itself; of a refusal, as when the token has expired, it stays away.
  stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) tell(at.dataset.lost); };
  addEventListener("pagehide", () => stream.close());
}

// What is loaded into the page: the address says which point of the clocks it shows; what the server does
// not give is asked for as a page, which says why; and without a network the page stays, and says so.
function loading() {
  const to = (event) => event.detail.pathInfo.finalRequestPath;
  const on = (name, does) => document.addEventListener(`htmx:${name}`, does);
  on("afterOnLoad", (event) => {
    if (event.target.matches(".clocks") && event.detail.successful) history.replaceState(null, "", to(event));
  });
  // The link that had the focus is gone: what it opened is read on from its heading.
  on("afterSwap", ({ detail: { target } }) => {
    if (target.id === "accesses") byId("who-looked").focus();
  });
  on("responseError", (event) => location.assign(to(event)));
  const lost = ({ detail: { target } }) => {
    const said = target.querySelector(".away") || document.createElement("p");
    said.className = "alarm away";
    said.role = "alert";
    said.textContent = target.dataset.away;
    target.prepend(said);
  };
  on("sendError", lost);
  on("timeout", lost);
}

loading();
document.querySelectorAll("[data-slider]").forEach(slider);
const verified = byId("badge");
if (verified) badge(verified);
live(byId("news"));
