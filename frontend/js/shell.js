/* The frame: theme, folded navigation, single keys. Choices are cookies, so that the server renders them without a flash. */

const YEAR = 31_536_000;
const remember = (name, value) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=${value ? YEAR : 0}; samesite=lax${secure}`;
};
const cookie = (name) => document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1] ?? "";

function showTheme() {
  const chosen = document.documentElement.dataset.theme ?? "system";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  remember("theme", theme === "system" ? "" : theme);
  showTheme();
  document.dispatchEvent(new CustomEvent("theme"));
}

function fold() {
  const app = document.querySelector(".app");
  if (!app) return;
  remember("nav", app.classList.toggle("rail") ? "rail" : "");
}

const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (cookie("keys") === "off" || typing(event.target) || document.querySelector("dialog[open], .menu[role=menu]:popover-open")) return;
  if (event.key === "[") return fold();
  if (event.key.length !== 1) return;
  const found = [...document.querySelectorAll(`[data-hotkey="${CSS.escape(event.key)}"]`)].findLast((element) => element.checkVisibility?.() ?? element.offsetParent);
  if (!found) return;
  event.preventDefault();
  if (found.matches("input, textarea, select")) found.focus();
  else found.click();
}

function onClick(event) {
  const theme = event.target.closest?.("[data-theme-choice]");
  if (theme) choose(theme.dataset.themeChoice);
  if (event.target.closest?.("[data-fold]")) fold();
}

export function initShell() {
  showTheme();
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  for (const input of document.querySelectorAll("[data-keys-switch]")) input.checked = cookie("keys") !== "off";
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-keys-switch]")) remember("keys", event.target.checked ? "" : "off");
  });
}
