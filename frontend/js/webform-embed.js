/* A form within a website's page. `form` is what the server puts before this script: its address, its HTML and its CSS. */
import { enhance, focusOn, mark } from "./webform-fields.js";

const SOONEST = 2_200; // nobody is that fast but what fills a form in by itself: it waits, nobody notices
const RETRIES = 2;

function place() {
  const host = document.createElement("div");
  host.dataset.smarketingForm = form.address.split("/").pop();
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(form.css);
  root.adoptedStyleSheets = [sheet];
  root.innerHTML = form.html;
  const here = document.currentScript;
  (here?.parentNode === document.head ? document.body : here?.parentNode ?? document.body).insertBefore(
    host, here?.parentNode === document.head ? null : here?.nextSibling ?? null);
  return root;
}

function say(box, text) {
  const notice = box.querySelector(".smk-notice");
  notice.textContent = text;
  notice.hidden = !text;
  if (text) notice.focus();
}

const pause = (time) => new Promise((done) => setTimeout(done, time));

async function drawn(box) {
  const answer = await fetch(`${form.address}/token`, { credentials: "omit" });
  if (!answer.ok) throw new Error(String(answer.status));
  box.elements.token.value = (await answer.json()).token;
}

async function post(box, left = RETRIES) {
  const body = new URLSearchParams(new FormData(box));
  try {
    return await fetch(form.address, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "omit" });
  } catch (error) { // the same words with the same token are one submission, however often they arrive
    if (!left) throw error;
    await pause(800);
    return post(box, left - 1);
  }
}

function told(box, answer, said) {
  if (answer.ok) {
    if (said.redirect) return location.assign(said.redirect);
    const outer = box.parentNode;
    outer.insertAdjacentHTML("afterend", said.thanks);
    const thanks = outer.nextElementSibling.querySelector(".smk-thanks");
    outer.remove();
    return thanks.focus();
  }
  if (said.token) box.elements.token.value = said.token;
  const names = Object.keys(said.errors ?? {});
  for (const name of names) mark(box, name, said.errors[name].join(" "));
  say(box, said.notice || form.wrong);
  const first = box.querySelector('[data-name] [aria-invalid="true"]')?.closest("[data-name]");
  if (names.length && first) focusOn(first);
}

/* Where the form stands, and whose visitor sends it: our tracker knows, where it is loaded and they consented. */
function carry(box) {
  const visitor = window.smarketing?.visitor?.() ?? "";
  const said = { origin_url: location.href, origin_referrer: document.referrer, visitor };
  for (const [name, value] of Object.entries(said)) box.elements[name].value = value;
}

function start() {
  const box = place().querySelector("form");
  let since = performance.now();
  let waits = null;
  const ready = () => (waits ??= drawn(box).then(() => { since = performance.now(); }).catch((error) => { waits = null; throw error; }));
  ready().catch(() => {}); // tried again when it is sent
  enhance(box);
  let busy = false;
  box.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    const button = box.querySelector(".smk-button");
    button.setAttribute("aria-disabled", "true");
    say(box, "");
    try {
      await ready();
      await pause(Math.max(0, SOONEST - (performance.now() - since)));
      carry(box);
      const answer = await post(box);
      told(box, answer, await answer.json());
    } catch {
      say(box, form.away);
    }
    busy = false;
    button.removeAttribute("aria-disabled");
  });
}

start();
