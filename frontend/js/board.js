/* The board. A lane has one menu for all its cards (moves-<lane>): its items say where a card may go, by which act, and
   why not. Choosing an item and dropping a card do the same: an act that asks opens its form, any other is posted at once. */
import { autoScrollForElements, autoScrollWindowForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { preserveOffsetOnSource } from "@atlaskit/pragmatic-drag-and-drop/utils/preserve-offset-on-source";
import { setCustomNativeDragPreview } from "@atlaskit/pragmatic-drag-and-drop/utils/set-custom-native-drag-preview";
import { make } from "./markup.js";

const { htmx } = window;
const { announce, keepOnCard, refuse, word } = window.smarketing;
const registered = new WeakSet();
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 900px)");

const laneOf = (element) => element.closest("[data-lane]");
const nameOf = (card) => card.dataset.name || card.querySelector(".who")?.firstElementChild?.textContent.trim() || "";
const lanes = () => document.querySelectorAll("[data-lane]");

const menuOf = (card) => document.getElementById(`moves-${laneOf(card)?.dataset.lane}`);
const moveTo = (card, lane) => menuOf(card)?.querySelector(`[data-move-to="${CSS.escape(lane)}"]`);

const open = (item) => item && item.getAttribute("aria-disabled") !== "true";
const actOf = (item) => item.dataset.act || item.textContent.trim();
const whyNot = (item) => item?.dataset.why || word("cannot");

/** Do the move of a menu item to a card; `home` is where the card came from if it was dropped. */
function act(card, item, home) {
  const { lead, seen } = card.dataset;
  const address = `${card.querySelector(".who a").pathname}acts/${item.dataset.name}/`;
  keepOnCard(lead);
  if ("asks" in item.dataset) {
    htmx.ajax("GET", `${address}?seen=${encodeURIComponent(seen)}`, { source: card, target: "#act", swap: "innerHTML" });
    return;
  }
  card.classList.add("is-busy");
  const finish = ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== card) return;
    document.removeEventListener("htmx:finally:request", finish);
    card.classList.remove("is-busy");
    const done = ctx.response?.raw.ok && !ctx.response.raw.redirected;
    if (!done) home?.before(card);
    home?.remove();
    if (done) return;
    card.querySelector(".mv")?.focus({ preventScroll: true });
    if (ctx.response?.status === 422) refresh(); // somebody may have moved it: show where it stands now
  };
  document.addEventListener("htmx:finally:request", finish);
  htmx.ajax("POST", address, { source: card, target: card, swap: "none", values: { seen, step: item.dataset.moveTo } });
}

function refresh() {
  htmx.ajax("GET", location.pathname + location.search, { target: "#main", select: "#main", swap: "outerMorph" });
}

/* Only the button that was pressed last belongs to its lane's menu, so that the menu opens beside it. */
function onPress(event) {
  const button = event.target.closest?.(".card .mv");
  if (!button) return;
  const card = button.closest(".card");
  const menu = menuOf(card);
  if (!menu || menu.matches(":popover-open")) return;
  menu.dataset.lead = card.dataset.lead;
  document.querySelectorAll(`[popovertarget="${CSS.escape(menu.id)}"]`).forEach((other) => other.removeAttribute("popovertarget"));
  button.setAttribute("popovertarget", menu.id);
}

function onChoose(event) {
  const item = event.target.closest?.(".moves [data-move-to]");
  if (!open(item)) return;
  const card = document.querySelector(`.card[data-lead="${CSS.escape(item.closest(".moves").dataset.lead)}"]`);
  if (card) act(card, item);
}

function slotFor(card, lane) {
  const item = moveTo(card, lane.dataset.lane);
  return open(item) ? make("div", "slot", actOf(item)) : make("div", "slot no", whyNot(item));
}

function clear() {
  document.querySelectorAll(".slot").forEach((slot) => slot.remove());
  lanes().forEach((lane) => lane.classList.remove("may", "target"));
}

function point(card, lane) {
  document.querySelectorAll(".slot").forEach((slot) => slot.remove());
  lanes().forEach((other) => other.classList.toggle("target", other === lane && open(moveTo(card, lane.dataset.lane))));
  if (!lane || lane === laneOf(card)) return;
  const first = lane.querySelector(".card, .none, .more");
  const slot = slotFor(card, lane);
  if (first) first.before(slot);
  else lane.append(slot);
}

function drop(card, lane) {
  clear();
  card.classList.remove("ghost");
  if (!lane || lane === laneOf(card)) return announce(word("back", { name: nameOf(card) }));
  const item = moveTo(card, lane.dataset.lane);
  card.querySelector(".mv")?.focus({ preventScroll: true });
  if (!open(item)) return refuse(`${word("back", { name: nameOf(card) })} ${whyNot(item)}`);
  if ("asks" in item.dataset) return act(card, item);
  const home = document.createComment("");
  card.before(home);
  const first = lane.querySelector(".card, .none, .more");
  if (first) first.before(card);
  else lane.append(card);
  act(card, item, home);
}

function preview(card, container) {
  const copy = card.cloneNode(true);
  copy.querySelectorAll("[popover], [id]").forEach((inner) => inner.remove());
  copy.classList.remove("ghost", "is-focus");
  copy.classList.add("drag");
  copy.style.inlineSize = `${card.offsetWidth}px`;
  container.style.padding = "12px";
  container.append(copy);
}

function onCard(card) {
  registered.add(card);
  card.querySelectorAll("a, img").forEach((inner) => { inner.draggable = false; });
  draggable({
    element: card,
    canDrag: ({ input }) => wide.matches && !document.elementFromPoint(input.clientX, input.clientY)?.closest("[popover], input, textarea, select"),
    getInitialData: () => ({ lead: card.dataset.lead }),
    onGenerateDragPreview: ({ nativeSetDragImage, location }) => setCustomNativeDragPreview({
      nativeSetDragImage,
      getOffset: preserveOffsetOnSource({ element: card, input: location.current.input }),
      render: ({ container }) => preview(card, container),
    }),
    onDragStart: () => {
      card.classList.add("ghost");
      lanes().forEach((lane) => lane.classList.toggle("may", lane !== laneOf(card) && open(moveTo(card, lane.dataset.lane))));
      announce(word("lifted", { name: nameOf(card) }));
    },
    onDropTargetChange: ({ location }) => {
      const lane = location.current.dropTargets[0]?.element;
      point(card, lane);
      const item = lane && moveTo(card, lane.dataset.lane);
      if (open(item)) announce(word("moving", { name: nameOf(card), act: actOf(item) }));
    },
    onDrop: ({ location }) => drop(card, location.current.dropTargets[0]?.element),
  });
}

function onLane(lane) {
  registered.add(lane);
  dropTargetForElements({ element: lane, canDrop: ({ source }) => "lead" in source.data, getData: () => ({ lane: lane.dataset.lane }) });
}

function register() {
  for (const board of document.querySelectorAll(".bd")) {
    if (!registered.has(board)) {
      registered.add(board);
      autoScrollForElements({ element: board });
    }
  }
  for (const card of document.querySelectorAll(".card[data-lead]")) if (!registered.has(card)) onCard(card);
  for (const lane of lanes()) if (!registered.has(lane)) onLane(lane);
}

/* Cards that change their place in a swap slide there instead of jumping. */
let before = new Map();
const places = () => new Map([...document.querySelectorAll(".card[data-lead]")].map((card) => [card.dataset.lead, card.getBoundingClientRect()]));

function slide() {
  if (!calm.matches) {
    for (const card of document.querySelectorAll(".card[data-lead]")) {
      const from = before.get(card.dataset.lead);
      const to = card.getBoundingClientRect();
      if (!from || (from.left === to.left && from.top === to.top)) continue;
      card.animate(
        [{ transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)` }, { transform: "none" }],
        { duration: 200, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" },
      );
    }
  }
  before = new Map();
}

autoScrollWindowForElements();
register();
document.addEventListener("click", onPress, true);
document.addEventListener("click", onChoose);
document.addEventListener("htmx:before:swap", () => { before = places(); });
document.addEventListener("htmx:finally:swap", () => {
  register();
  slide();
});
