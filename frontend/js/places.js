/* A swap must not lose the place: focus goes back to the same field, card or button, and scrolled boxes stay where they were. */

let place = null;
let scrolled = [];

const cardOf = (element) => element?.closest?.("[data-lead]")?.dataset.lead;

/** Say that focus belongs to this lead's card once the next swap is done. */
export function keepOnCard(lead) {
  place = { lead };
}

function remember({ detail: { ctx } }) {
  const focused = document.activeElement;
  if (focused && focused !== document.body) {
    place = { id: focused.id, name: focused.getAttribute("name"), value: focused.getAttribute("value"), lead: cardOf(focused) ?? place?.lead, key: focused.dataset.focus };
  } else place ??= { lead: cardOf(ctx.sourceElement) };
  scrolled = [...document.querySelectorAll("[data-keep-scroll][id]")].map((box) => [box.id, box.scrollLeft, box.scrollTop]);
}

function candidates({ id, name, value, lead, key }) {
  const quoted = (text) => `"${CSS.escape(text)}"`;
  return [
    id && `#${CSS.escape(id)}`,
    key && `[data-focus=${quoted(key)}]`,
    name && value && `[name=${quoted(name)}][value=${quoted(value)}]`,
    name && `main [name=${quoted(name)}]`,
    lead && `.card[data-lead=${quoted(lead)}] .mv`,
    lead && `[data-lead=${quoted(lead)}] a`,
  ].filter(Boolean);
}

function restore() {
  for (const [id, left, top] of scrolled) document.getElementById(id)?.scrollTo(left, top);
  scrolled = [];
  const lost = !document.activeElement || document.activeElement === document.body;
  const asked = place;
  place = null;
  if (!lost || !asked) return;
  for (const selector of candidates(asked)) {
    const found = document.querySelector(selector);
    if (!found) continue;
    found.focus({ preventScroll: true });
    if (document.activeElement === found) return;
  }
}

export function initPlaces() {
  document.addEventListener("htmx:before:swap", remember);
  document.addEventListener("htmx:finally:swap", restore);
}
