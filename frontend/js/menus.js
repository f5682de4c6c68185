/* Menus: <button popovertarget="id"> and <div class="menu" popover id role="menu">. The browser opens, closes and gives
   the focus back; this places the menu beside its button and adds arrows, letters, and a reason for what is closed. */
import { refuse } from "./toasts.js";
import { word } from "./words.js";

const GAP = 6;
const EDGE = 8;
/* A style sheet, not a style attribute: a swap would copy the attribute to the new menu, which the content policy forbids. */
const places = new CSSStyleSheet();

export const openerOf = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
const items = (menu) => [...menu.querySelectorAll('[role^="menuitem"], .mi')].filter((item) => item.offsetParent);

function place(menu) {
  const button = openerOf(menu)?.getBoundingClientRect();
  if (!button) return;
  const { offsetWidth: width, offsetHeight: height } = menu;
  const rtl = document.dir === "rtl";
  const besideCard = menu.closest(".card") && innerWidth - button.right > width + EDGE;
  let left = rtl ? button.left : button.right - width;
  let top = button.bottom + GAP;
  if (menu.dataset.align === "above") left = button.left;
  else if (besideCard) {
    left = button.right + GAP;
    top = button.top;
  }
  if (menu.dataset.align === "above" || top + height > innerHeight - EDGE) {
    const above = button.top - height - GAP;
    top = above >= EDGE ? above : innerHeight - height - EDGE;
  }
  left = Math.max(EDGE, Math.min(left, innerWidth - width - EDGE));
  places.replaceSync(`.menu:popover-open { inset: ${Math.max(EDGE, top)}px auto auto ${left}px; }`);
}

function onToggle(event) {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.matches("[popover]")) return;
  const open = event.newState === "open";
  openerOf(menu)?.setAttribute("aria-expanded", String(open));
  if (!open || !menu.matches(".menu")) return;
  place(menu);
  if (menu.matches('[role="menu"]')) items(menu)[0]?.focus();
}

function onKey(event) {
  const menu = event.target.closest?.('.menu[role="menu"]');
  if (!menu || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const go = (index) => {
    event.preventDefault();
    all.at(index % all.length)?.focus();
  };
  if (event.key === "ArrowDown") go(at + 1);
  else if (event.key === "ArrowUp") go(at < 0 ? -1 : at - 1);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(-1);
  else if (event.key === "Tab") menu.hidePopover?.();
  else if (event.key.length === 1 && event.key !== " ") {
    const letter = event.key.toLowerCase();
    const keyed = all.find((item) => item.dataset.key?.toLowerCase() === letter);
    event.stopPropagation();
    if (keyed) {
      event.preventDefault();
      keyed.focus();
      keyed.click();
    } else {
      const next = [...all.slice(at + 1), ...all].find((item) => item.textContent.trim().toLowerCase().startsWith(letter));
      next?.focus();
    }
  }
}

function onClick(event) {
  const item = event.target.closest?.('.menu :is([role^="menuitem"], .mi)');
  if (!item) return;
  const menu = item.closest("[popover]");
  if (item.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    event.stopImmediatePropagation();
    refuse(item.dataset.why || word("cannot"));
    return;
  }
  if (menu?.matches(":popover-open")) menu.hidePopover();
}

function onScroll(event) {
  const open = document.querySelector(".menu:popover-open");
  if (open && event.target instanceof Node && !open.contains(event.target)) place(open);
}

export function initMenus() {
  document.adoptedStyleSheets.push(places);
  document.addEventListener("toggle", onToggle, true);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick, true);
  addEventListener("scroll", onScroll, { capture: true, passive: true });
  document.addEventListener("htmx:finally:swap", () => document.querySelectorAll(".menu:popover-open").forEach(place)); // it may have grown
  addEventListener("resize", () => document.querySelectorAll(".menu:popover-open").forEach(place));
}
