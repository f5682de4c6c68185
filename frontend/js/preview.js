/* The preview of a form has the colour that is chosen for it: our content policy lets no style stand in the page. */

function paint() {
  for (const box of document.querySelectorAll("[data-accent]")) {
    const form = box.querySelector(".smk");
    form?.style.setProperty("--smk-accent", box.dataset.accent);
    form?.style.setProperty("--smk-on-accent", box.dataset.onAccent);
  }
}

export function initPreview() {
  document.addEventListener("htmx:after:swap", paint);
  paint();
}
