/* Drag and drop on the board. A drop does nothing of its own: it activates the item of the card's Move-to menu that leads
   to the lane, so dragging, clicking and typing are one mechanism, with one set of permissions. */
import { autoScrollForElements, autoScrollWindowForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { preserveOffsetOnSource } from "@atlaskit/pragmatic-drag-and-drop/utils/preserve-offset-on-source";
import { setCustomNativeDragPreview } from "@atlaskit/pragmatic-drag-and-drop/utils/set-custom-native-drag-preview";
import { make } from "./markup.js";

const { announce, keepOnCard, refuse, word } = window.smarketing;
const registered = new WeakSet();
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 900px)");

const laneOf = (element) => element.closest("[data-lane]");
const nameOf = (card) => card.dataset.name || card.querySelector(".who")?.firstElementChild?.textContent.trim() || "";
const lanes = () => document.querySelectorAll("[data-lane]");

/** The menu item that leads to a lane: "bofu:proposal" also answers to an item for "bofu". */
function moveTo(card, lane) {
  const named = [...card.querySelectorAll("[data-move-to]")];
  const exact = named.find((item) => item.dataset.moveTo === lane);
  return exact ?? named.find((item) => item.dataset.moveTo === lane.split(":")[0]);
}

const open = (item) => item && item.getAttribute("aria-disabled") !== "true" && !item.disabled;
const actOf = (item) => item.dataset.act || item.textContent.trim();
const whyNot = (item) => item?.dataset.why || word("cannot");

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
  keepOnCard(card.dataset.lead);
  card.classList.add("is-busy");
  const done = () => card.classList.remove("is-busy");
  document.addEventListener("htmx:finally:request", done, { once: true });
  if (item.dataset.dialog) done();
  item.click();
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
document.addEventListener("htmx:before:swap", () => { before = places(); });
document.addEventListener("htmx:finally:swap", () => {
  register();
  slide();
});
