/* What a visitor typed is checked when they leave a field and when they send it; each message stands below its field. */

const within = (form, name) => [...form.querySelectorAll("[data-name]")].find((box) => box.dataset.name === name);
const inputs = (box) => [...box.querySelectorAll("input, select, textarea")];

export function mark(form, name, message) {
  const box = within(form, name);
  const said = box && [...box.querySelectorAll(".smk-err")].pop();
  if (!said) return;
  said.textContent = message;
  said.hidden = !message;
  for (const input of inputs(box)) {
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    const about = new Set((input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
    about[message ? "add" : "delete"](said.id);
    if (about.size) input.setAttribute("aria-describedby", [...about].join(" "));
    else input.removeAttribute("aria-describedby");
  }
}

function wrong(box) {
  const found = inputs(box).find((input) => !input.validity.valid);
  if (found) return found.validationMessage;
  if (box.dataset.needs && !inputs(box).some((input) => input.checked)) return box.dataset.missing;
  return "";
}

/* The names of fields that are wrong; each is marked. */
export function check(form) {
  return [...form.querySelectorAll("[data-name]")].filter((box) => {
    const message = wrong(box);
    mark(form, box.dataset.name, message);
    return message;
  });
}

export function focusOn(box) {
  inputs(box)[0]?.focus();
}

/* While a button of the mouse is down nothing moves, or what is pressed would not be what is let go. */
function atRest(act) {
  if (!pressed) act();
  else waiting.push(act);
}
let pressed = false;
const waiting = [];
document.addEventListener("pointerdown", () => { pressed = true; }, true);
for (const type of ["pointerup", "pointercancel"]) {
  document.addEventListener(type, () => setTimeout(() => { // after the click
    pressed = false;
    for (const act of waiting.splice(0)) act();
  }), true);
}

export function enhance(form) {
  form.noValidate = true;
  form.addEventListener("focusout", ({ target, relatedTarget }) => {
    const box = target.closest("[data-name]");
    if (!box || box.contains(relatedTarget) || relatedTarget?.matches?.("button")) return;
    if (target.value || target.getAttribute("aria-invalid")) atRest(() => mark(form, box.dataset.name, wrong(box)));
  });
  form.addEventListener("change", ({ target }) => {
    const box = target.closest("[data-name]");
    if (box && target.getAttribute("aria-invalid")) atRest(() => mark(form, box.dataset.name, wrong(box)));
  });
  form.addEventListener("submit", (event) => {
    const found = check(form);
    if (!found.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    focusOn(found[0]);
  });
}
