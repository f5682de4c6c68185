/* Toasts: server messages in the page, `HX-Trigger: {"toast": {...}}`, and refusals.
   A toast spends its ten seconds in CSS, so hover and focus pause it; a refusal stays until it is closed. */
import htmx from "htmx.org";
import { announce } from "./announce.js";
import { icon, make } from "./markup.js";
import { word } from "./words.js";

const MOST = 3;
const CARRIED = "toasts";

function box() {
  const toasts = document.getElementById("toasts");
  const host = document.querySelector("dialog:modal") ?? document.body; // outside a modal dialog nothing can be clicked
  if (toasts.parentElement !== host) host.append(toasts);
  return toasts;
}

function button(text, onClick, key) {
  const made = make("button", "btn sm", text);
  made.type = "button";
  if (key) {
    made.dataset.hotkey = key;
    made.append(" ", make("kbd", "", key.toUpperCase()));
  }
  made.addEventListener("click", onClick);
  return made;
}

/** Show a sentence. kind: "" | "bad"; undo: address to POST to; href and action: a link. */
export function toast({ text, kind = "", undo = "", href = "", action = "" }) {
  if (!text) return;
  const bad = kind === "bad" || kind === "error";
  const shown = make("div", bad ? "toast bad stays" : "toast", icon(bad ? "circle-alert" : "check"), make("span", "", text));
  if (undo) {
    shown.append(button(word("undo"), () => {
      shown.remove();
      htmx.ajax("POST", undo, { target: "body", swap: "none" });
    }, "z"));
  }
  if (href) {
    const link = make("a", "btn sm", action || href);
    link.href = href;
    shown.append(link);
  }
  const toasts = box();
  toasts.append(shown);
  ready(shown);
  while (toasts.childElementCount > MOST) toasts.firstElementChild.remove();
  announce(text);
}

export const refuse = (text) => toast({ text, kind: "bad" });

function ready(shown) {
  shown.addEventListener("animationend", (event) => {
    if (event.animationName === "spend") shown.remove();
  });
  if (shown.classList.contains("stays")) {
    const close = button("", () => shown.remove());
    close.className = "btn sm sq";
    close.setAttribute("aria-label", word("close"));
    close.append(icon("x", "s"));
    shown.append(close);
  }
}

/** The sentence of a toast, without its buttons. */
const words = (shown) => shown.querySelector(":scope > span")?.textContent.trim() ?? "";

/** Keep the messages of a page that is fetched but not shown, for the page that is opened instead. */
export function carry(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const found = [...page.querySelectorAll("#toasts .toast")].map((shown) => {
    const link = shown.querySelector("a");
    return {
      text: words(shown),
      kind: shown.classList.contains("bad") ? "bad" : "",
      href: link?.getAttribute("href") ?? "",
      action: link?.textContent.trim() ?? "",
    };
  });
  if (found.length) sessionStorage.setItem(CARRIED, JSON.stringify(found));
}

export function initToasts() {
  const fromServer = [...document.querySelectorAll("#toasts .toast")];
  fromServer.forEach(ready);
  announce(fromServer.map(words).join(" "));
  const carried = sessionStorage.getItem(CARRIED);
  sessionStorage.removeItem(CARRIED);
  if (carried) JSON.parse(carried).forEach(toast);
  document.addEventListener("toast", (event) => {
    const { text, value, ...rest } = event.detail;
    toast({ text: text ?? value, ...rest });
  });
  document.addEventListener("announce", (event) => announce(event.detail.text ?? event.detail.value));
}
