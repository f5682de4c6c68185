/* One polite live region for the whole page. Emptied first, so that the same sentence is spoken twice if it happens twice. */
let timer;

export function announce(text) {
  const live = document.getElementById("live");
  if (!live || !text) return;
  live.textContent = "";
  clearTimeout(timer);
  timer = setTimeout(() => { live.textContent = text; }, 60);
}
