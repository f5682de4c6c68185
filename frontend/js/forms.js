/* Forms: no second submit while the first is on its way, filters that submit themselves, and small helpers. */

const RELEASE = 10_000; // a download never leaves the page, so its form must come free again
const busyForms = new WeakMap();

function release(form) {
  clearTimeout(busyForms.get(form));
  busyForms.delete(form);
  form.querySelectorAll('[aria-busy="true"]').forEach((button) => button.removeAttribute("aria-busy"));
}

function hold(form, submitter) {
  busyForms.set(form, setTimeout(() => release(form), RELEASE));
  (submitter ?? form.querySelector(":is(button, input)[type=submit], button:not([type])"))?.setAttribute("aria-busy", "true");
}

function onSubmit(event) {
  const form = event.target;
  if (form.method !== "post" && !form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]")) return;
  if (busyForms.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  hold(form, event.submitter);
}

/* Back, after a refused form was sent again and went through, would show the old refusal: the page is fetched anew. */
const SENT = "sent", THROUGH = "through";
const isRefused = () => Boolean(document.querySelector("main :is(.err, .note.bad[role=alert])"));

function noteSent({ target: form }) {
  if (form.method === "post" && !form.matches("[hx-post], [data-hx-post]")) sessionStorage.setItem(SENT, location.href);
}

function freshen() {
  if (isRefused()) {
    sessionStorage.removeItem(SENT);
    if (sessionStorage.getItem(THROUGH) !== location.href) return;
    sessionStorage.removeItem(THROUGH);
    location.replace(location.href);
    return;
  }
  const sent = sessionStorage.getItem(SENT);
  if (sent) sessionStorage.setItem(THROUGH, sent);
  sessionStorage.removeItem(SENT);
}

function dropEmpty(event) {
  if (event.target.method !== "get" || event.target.matches("[data-keep-empty]")) return;
  for (const [name, value] of [...event.formData]) {
    if (value !== "") continue;
    const kept = event.formData.getAll(name).filter((other) => other !== "");
    event.formData.delete(name);
    kept.forEach((other) => event.formData.append(name, other));
  }
}

let typing;
function autosubmit(event) {
  const form = event.target.form?.matches("[data-autosubmit]") ? event.target.form : null;
  if (!form) return;
  const typed = event.target.matches("input:not([type=checkbox], [type=radio], [type=date], [type=hidden])");
  if (typed !== (event.type === "input")) return;
  clearTimeout(typing);
  typing = setTimeout(() => form.requestSubmit(), typed ? 350 : 0);
}

/* A button with data-wait-for="reason" is off until a field of that name in its form has a value. */
function wait(root = document) {
  for (const button of root.querySelectorAll?.("[data-wait-for]") ?? []) {
    const values = new FormData(button.form).getAll(button.dataset.waitFor);
    button.disabled = !values.some((value) => String(value).trim());
  }
}

function onClick(event) {
  const reveal = event.target.closest?.("[data-reveal]");
  if (reveal) {
    const field = document.getElementById(reveal.dataset.reveal);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    reveal.setAttribute("aria-pressed", String(!shown));
  }
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    navigator.clipboard?.writeText(copy.dataset.copy).then(() =>
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: copy.dataset.copied } })));
  }
  const all = event.target.closest?.("input[data-check-all]");
  if (all) {
    for (const one of document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.checkAll)}"]`)) one.checked = all.checked;
  }
}

/* Ctrl+Enter sends the words of form[data-send], and of a textarea[data-send]. */
function onKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  if (!event.target.matches?.("form[data-send] textarea, textarea[data-send]")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
}

/* A .clip button names the files that were chosen, until they are sent. */
function picked({ target, type }) {
  for (const input of target.matches?.(".clip input") ? [target] : target.querySelectorAll?.(".clip input") ?? []) {
    const name = input.parentElement.querySelector("[data-file-name]");
    name.dataset.fileName ||= name.textContent;
    const chosen = type === "reset" ? [] : [...input.files].map((file) => file.name);
    name.textContent = chosen.join(", ") || name.dataset.fileName;
  }
}

function fileDrop(event) {
  const drop = event.target.closest?.(".drop");
  if (!drop) return;
  const input = drop.querySelector("input[type=file]");
  if (event.type === "change") {
    const name = drop.querySelector("[data-file-name]");
    if (name) name.textContent = [...input.files].map((file) => file.name).join(", ");
    return;
  }
  event.preventDefault();
  drop.classList.toggle("is-over", event.type === "dragover");
  if (event.type === "drop" && event.dataTransfer.files.length) {
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

export function initForms() {
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("submit", noteSent, true);
  addEventListener("pageshow", freshen);
  document.addEventListener("formdata", dropEmpty);
  document.addEventListener("input", autosubmit);
  document.addEventListener("change", autosubmit);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", (event) => event.target.matches?.(".clip input") && picked(event));
  document.addEventListener("reset", picked);
  for (const type of ["input", "change"]) document.addEventListener(type, (event) => event.target.form && wait(event.target.form));
  for (const type of ["change", "dragover", "dragleave", "drop"]) document.addEventListener(type, fileDrop);
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const form = ctx.request?.form ?? ctx.sourceElement?.closest?.("form");
    if (!form) return;
    release(form);
    if (ctx.response?.raw.ok && form.matches("[data-reset]")) form.reset(); // said and kept: the next words start anew
  });
  document.addEventListener("htmx:after:swap", () => wait());
  addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("form").forEach(release));
  wait();
}
