/* Dialogs: <dialog class="dialog" id>, opened by data-dialog="id" or by swapping content into it, closed by data-close,
   by Esc, by a click beside it, by the event close-dialog, and by a success whose answer goes elsewhere. */
import { openerOf } from "./menus.js";

const openers = new WeakMap();

export function openDialog(dialog, opener = document.activeElement) {
  if (!dialog || dialog.open) return;
  const menu = opener?.closest?.("[popover]");
  openers.set(dialog, menu ? openerOf(menu) : opener);
  dialog.showModal();
  const first = dialog.querySelector("[autofocus], .pad :is(input, select, textarea):not([type=hidden])");
  first?.focus();
}

const dirty = (dialog) => [...dialog.querySelectorAll("input, textarea, select")].some((field) =>
  field.matches("[type=checkbox], [type=radio]")
    ? field.checked !== field.defaultChecked
    : field.matches("select")
      ? [...field.options].some((option) => option.defaultSelected !== option.selected && option.defaultSelected)
      : field.value !== field.defaultValue);

function onClick(event) {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener && opener.getAttribute("aria-disabled") !== "true") {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      openDialog(dialog, opener);
    }
    return;
  }
  const dialog = event.target.closest?.("dialog.dialog");
  if (!dialog) return;
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  } else if (event.target === dialog && outside(event, dialog) && !dirty(dialog)) dialog.close();
}

function outside({ clientX: x, clientY: y }, dialog) {
  const edge = dialog.getBoundingClientRect();
  return x < edge.left || x > edge.right || y < edge.top || y > edge.bottom;
}

function onClose(event) {
  const dialog = event.target;
  if (!dialog.matches?.("dialog.dialog")) return;
  dialog.querySelectorAll("#toasts").forEach((toasts) => document.body.append(toasts));
  const opener = openers.get(dialog);
  const lost = !document.activeElement || document.activeElement === document.body || dialog.contains(document.activeElement);
  if (lost && opener?.isConnected) opener.focus();
}

function afterRequest({ detail: { ctx } }) {
  const dialog = ctx.sourceElement?.closest?.("dialog.dialog[open]");
  if (!dialog || !ctx.response?.raw.ok || ctx.request.method === "GET") return;
  const shown = ctx.status === "swapped" && ctx.response.status !== 204 && ctx.swap !== "none";
  if (!shown || !dialog.contains(ctx.target)) dialog.close();
}

function afterSwap({ target, detail: { ctx } }) {
  const place = ctx?.target ?? target;
  const dialog = place.closest?.("dialog.dialog");
  if (dialog && dialog.id === place.id && !dialog.open && dialog.childElementCount && ctx?.request?.method === "GET") openDialog(dialog, ctx.sourceEvent?.target);
}

export function initDialogs() {
  document.addEventListener("click", onClick);
  document.addEventListener("close", onClose, true);
  document.addEventListener("htmx:finally:request", afterRequest);
  document.addEventListener("htmx:after:swap", afterSwap);
  document.addEventListener("close-dialog", () => document.querySelectorAll("dialog.dialog[open]").forEach((dialog) => dialog.close()));
}
