/* Mentions: in <textarea data-mentions="address"> an @ and a few letters offer the colleagues that the address lists,
   as [username, name, team in words, whose hue]; it is asked when the words get the focus. Arrows choose, Enter or Tab
   takes, Esc closes. */
import { announce } from "./announce.js";
import { word } from "./words.js";

const MOST = 6;
const lists = new Map();
let box = null;
let field = null;
let found = [];
let chosen = 0;

const typed = (area) => area.value.slice(0, area.selectionStart).match(/(?:^|[^\w@.])@([\w.+-]*)$/)?.[1];
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/* The colleagues at an address; one that did not answer is asked again with the next letter. */
function colleagues(address) {
  if (!lists.has(address)) {
    const asked = fetch(address, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok && !answer.redirected ? answer.json() : Promise.reject(new Error(answer.status))))
      .then(({ people }) => people);
    asked.catch(() => lists.delete(address));
    lists.set(address, asked);
  }
  return lists.get(address);
}

function matches(people, letters) {
  const begin = fold(letters);
  const fits = ([username, name]) => fold(username).startsWith(begin) || fold(name).split(/\s+/).some((part) => part.startsWith(begin));
  return people.filter(fits).slice(0, MOST);
}

function close() {
  box?.remove();
  for (const name of ["aria-controls", "aria-activedescendant"]) field?.removeAttribute(name);
  box = field = null;
}

function mark() {
  [...box.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
  field.setAttribute("aria-activedescendant", box.children[chosen].id);
  box.children[chosen].scrollIntoView({ block: "nearest" });
}

function take(index) {
  const area = field;
  const letters = typed(area) ?? "";
  const end = area.selectionStart;
  area.setRangeText(`@${found[index][0]} `, end - letters.length - 1, end, "end");
  close();
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function open(area, people) {
  const fresh = field !== area || !box?.isConnected;
  if (fresh) {
    close();
    field = area;
    box = document.createElement("ul");
    box.className = "mentions";
    box.id = `${area.id}-people`;
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", word("mention"));
    area.after(box);
    area.setAttribute("aria-controls", box.id);
  }
  found = people;
  chosen = 0;
  box.replaceChildren(...people.map(([username, name, team, own], index) => {
    const option = document.createElement("li");
    option.id = `${box.id}-${index}`;
    option.setAttribute("role", "option");
    option.dataset.own = own;
    for (const [tag, className, text] of [["b", "", name || username], ["span", "at", `@${username}`], ["span", "mut", team]]) {
      const part = document.createElement(tag);
      part.className = className;
      part.textContent = text;
      option.append(part);
    }
    return option;
  }));
  mark();
  if (fresh) announce(word("mentions", { n: people.length }));
}

async function onInput({ target }) {
  if (!target.matches?.("textarea[data-mentions]")) return;
  if (typed(target) === undefined) return close();
  const people = await colleagues(target.dataset.mentions).catch(() => []);
  const letters = typed(target); // what stands there by now
  const fits = letters === undefined || document.activeElement !== target ? [] : matches(people, letters);
  if (fits.length) open(target, fits);
  else close();
}

function onFocus({ target }) {
  if (target.matches?.("textarea[data-mentions]")) colleagues(target.dataset.mentions).catch(() => []);
}

function onKey(event) {
  if (!box || event.target !== field || event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
    mark();
  } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") take(chosen);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function onPointer(event) {
  const option = event.target.closest?.(".mentions > li");
  if (!option) return;
  event.preventDefault(); // the focus stays in the words
  take([...box.children].indexOf(option));
}

export function initMentions() {
  document.addEventListener("focusin", onFocus);
  document.addEventListener("input", onInput);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("pointerdown", onPointer);
  document.addEventListener("focusout", ({ target }) => target === field && close());
}
