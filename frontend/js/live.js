/* Open pages follow what other people do. The server is asked now and then whether anything has changed, or says so by
   itself where the stream runs; what has changed is fetched and morphed in, never under somebody's hands: while a field
   has the focus, a menu or dialog is open, text is marked or something is dragged, it waits. */
import htmx from "htmx.org";
import { announce } from "./announce.js";
import { word } from "./words.js";

const ASK = 1500; // a change must show within two seconds
const ASK_BESIDE_STREAM = 30_000;
const LONGEST = 30_000;
const AGAIN = 250;
const SHELL = "#nav:outerMorph,#tabbar:outerMorph";
const FIELDS = "input:not([type=hidden], [type=submit], [type=button]), textarea, select";
const TYPED = "input:not([type=hidden], [type=submit], [type=button], [type=checkbox], [type=radio]), textarea, select, [contenteditable]";

let known = ""; // the version that this page shows
let drawnAt = 0; // when the request was sent whose answer this page shows; 0 is the page's own
let pressed = false;
let waiting = { leads: 0, me: 0 }; // when that changed which is not shown yet; 0 where nothing has
let flying = 0; // requests of the page's own
let timer, retry, source;
let failures = 0;
let drawing = false;
let asking = false;
let free = 0;

const who = () => document.body.dataset.live;
const follows = () => document.querySelector("#main[data-follows]");

const edited = (field) =>
  field.matches("[type=checkbox], [type=radio]")
    ? field.checked !== field.defaultChecked
    : field.matches("select")
      ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
      : field.value !== field.defaultValue;
const dirty = (box) => box.querySelector("details[open]:not([data-opened])") !== null || [...box.querySelectorAll(FIELDS)].some(edited);

/** Whether somebody is in the middle of something that a swap would disturb. */
function busy() {
  if (pressed || flying || document.querySelector("dialog[open], [popover]:popover-open:not(#toasts), .card.ghost, .is-busy, .htmx-request")) return true;
  if (document.activeElement?.matches(TYPED)) return true;
  const marked = getSelection();
  return Boolean(marked && !marked.isCollapsed && marked.toString().trim());
}

/** What may be drawn anew: the whole of the page, or where something is half typed or unfolded, the parts without it. */
function parts() {
  const main = follows();
  if (!dirty(main) && !main.querySelector("[data-grown]")) return [];
  return [...main.querySelectorAll("[data-part][id]")].filter((part) => !dirty(part) && !part.matches("[data-grown]") && !part.querySelector("[data-grown]"));
}

async function draw() {
  const sent = performance.now();
  const page = follows() && waiting.leads;
  const address = page ? location.pathname + location.search : document.body.dataset.bell;
  const answer = await fetch(address, { headers: page ? {} : { "HX-Request": "true" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) {
    if (answer.ok || answer.status === 403 || answer.status === 404) stop();
    return;
  }
  const text = await answer.text();
  if (busy() || drawnAt > sent) return; // what was fetched is old by the time that it may be shown
  const before = unread();
  const some = page ? parts() : [];
  const target = page ? follows() : document.getElementById("bell");
  const whole = page && !some.length && !dirty(target) && !target.querySelector("[data-grown]");
  drawnAt = sent;
  const alone = page ? [SHELL, ...some.map((part) => `#${CSS.escape(part.id)}:outerMorph`)].join(",") : null;
  const how = whole ? { select: "#main", swap: "outerMorph", selectOOB: SHELL } : { swap: "none", selectOOB: alone };
  await htmx.swap({ sourceElement: document.body, text, target, live: true, ...how });
  free = performance.now() + Math.max(1000, 4 * (performance.now() - sent));
  if (unread() > before) announce(word("told", { n: unread() }));
}

const unread = () => Number.parseInt(document.querySelector("#bell-n .n")?.textContent ?? "0", 10) || 0;

async function tend() {
  clearTimeout(retry);
  for (const what of ["leads", "me"]) if (waiting[what] < drawnAt) waiting[what] = 0; // the page was drawn meanwhile
  if (drawing || !(waiting.leads || waiting.me)) return;
  if (busy() || performance.now() < free || document.hidden) {
    retry = setTimeout(tend, AGAIN);
    return;
  }
  drawing = true;
  try {
    await draw();
  } catch {
    free = performance.now() + 5000;
  } finally {
    drawing = false;
  }
  if (waiting.leads || waiting.me) retry = setTimeout(tend, AGAIN);
}

/** Something changed so many milliseconds ago: what this page shows may be older than that. */
function note(what, age) {
  if (what === "leads" && !follows()) return;
  waiting[what] = performance.now() - age + 1;
  tend();
}

async function ask() {
  clearTimeout(timer);
  if (document.hidden || asking || !who()) return;
  asking = true;
  try {
    const answer = await fetch(`/live/?who=${encodeURIComponent(who())}`, { headers: known ? { "If-None-Match": `"${known}"` } : {}, credentials: "omit", cache: "no-store" });
    if (answer.status === 403) return stop();
    failures = answer.ok || answer.status === 304 ? 0 : failures + 1;
    if (answer.status === 200) {
      const [version, leads, me] = (await answer.text()).split(" ");
      const [old, now] = [known.split("-"), version.split("-")];
      const first = !known;
      known = version;
      if (first ? Number(leads) < performance.now() + 300 && !version.startsWith("r") : old[0] !== now[0]) note("leads", Number(leads));
      if (first ? Number(me) < performance.now() + 300 && !version.startsWith("r") : old[1] !== now[1]) note("me", Number(me));
    }
  } catch {
    failures += 1;
  } finally {
    asking = false;
  }
  next();
}

function next() {
  clearTimeout(timer);
  if (!who()) return;
  const every = source?.readyState === EventSource.OPEN ? ASK_BESIDE_STREAM : ASK;
  timer = setTimeout(ask, Math.min(every * 2 ** failures, Math.max(LONGEST, every)));
}

function listen() {
  const { stream } = document.body.dataset;
  if (!stream || !who() || document.hidden || source?.readyState < EventSource.CLOSED) return;
  source = new EventSource(`${stream}?who=${encodeURIComponent(who())}`);
  source.onopen = ask; // what happened before it was there
  source.onmessage = ({ data }) => data.split(" ").forEach((what) => note(what, 0));
  source.onerror = () => {
    next();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, LONGEST);
  };
}

function stop() {
  source?.close();
  clearTimeout(timer);
  delete document.body.dataset.live;
}

function onVisible() {
  if (document.hidden) {
    source?.close();
    return clearTimeout(timer);
  }
  ask();
  listen();
}

export function initLive() {
  if (!who()) return;
  addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const name of ["pointerup", "pointercancel", "dragend", "drop", "blur"]) addEventListener(name, () => { pressed = false; }, true);
  document.addEventListener("visibilitychange", onVisible);
  document.addEventListener("htmx:before:request", () => { flying += 1; });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    flying = Math.max(0, flying - 1);
    if (ctx.request.method !== "GET") free = Math.max(free, performance.now() + 400); // its answer may draw the page anew
  });
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (ctx.request.method === "GET" && ctx.target?.id === "main") ctx.sentAt = performance.now();
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sentAt) drawnAt = ctx.sentAt;
  });
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.matches?.(".lane > .more")) ctx.sourceElement.closest(".lane").toggleAttribute("data-grown", true);
    const box = ctx.sourceElement?.closest?.("[data-grows]"); // earlier lines, or a reply that is begun
    if (box && ctx.request?.method === "GET" && ctx.target !== box && box.contains(ctx.target)) box.toggleAttribute("data-grown", true);
  });
  ask();
  listen();
}
