/* What websites load as /t.js. Nothing is sent or stored before consent; nothing at all where a browser asks for that. */
(() => {
  const w = window, d = document, n = navigator, NAME = "smarketing", MOST = 50;
  const script = d.currentScript, waiting = (w[NAME] || {}).q || [];
  const off = n.doNotTrack === "1" || w.doNotTrack === "1" || n.globalPrivacyControl;
  const door = new URL("t", script.src).href;
  let visitor, landing, queue = [], here = "", seen = d.referrer, timer;

  const uuid = () => crypto.randomUUID ? crypto.randomUUID()
    : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));

  /* What is kept under the name, or made and kept; a browser that keeps nothing knows it for this page alone. */
  const kept = (store, make) => {
    try {
      const s = w[store], found = s.getItem(NAME) || make();
      s.setItem(NAME, found);
      return found;
    } catch { return make(); }
  };

  const send = (events) => {
    const now = performance.now();
    const body = JSON.stringify({ visitor, consent: true, landing, events: events.map(({ on, ...event }) => ({ ...event, ago: Math.round(now - on) })) });
    if (n.sendBeacon && n.sendBeacon(door, body)) return;
    fetch(door, { method: "POST", body, keepalive: true, mode: "no-cors", credentials: "omit" }).catch(() => { queue = events.concat(queue); });
  };

  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    while (visitor && queue.length) send(queue.splice(0, 10));
  };

  const add = (event) => {
    if (queue.length < MOST) queue.push({ id: uuid(), url: location.href, on: performance.now(), ...event });
    timer = timer || setTimeout(flush, 50);
  };

  const page = () => {
    const path = location.pathname + location.search;
    if (path === here) return;
    here = path;
    add({ name: "page", title: d.title, referrer: seen });
    seen = location.href;
  };

  const acts = {
    consent(given = true) {
      if (!given) {
        visitor = landing = 0;
        queue = [];
        for (const store of ["localStorage", "sessionStorage"]) try { w[store].removeItem(NAME); } catch { /* it keeps nothing */ }
        return;
      }
      visitor = kept("localStorage", uuid);
      landing = JSON.parse(kept("sessionStorage", () => JSON.stringify({ url: first, referrer: d.referrer })));
      flush();
    },
    event(name, data) { add({ name, data }); },
    identify(identify) { add({ identify }); flush(); },
  };
  const first = location.href;

  w[NAME] = (act, ...said) => off ? undefined : acts[act]?.(...said);
  w[NAME].visitor = () => visitor || "";  /* for forms, which carry whose history joins the lead */
  if (off) return;
  const { pushState } = history;
  history.pushState = function (...said) {
    pushState.apply(this, said);
    setTimeout(page);  /* by then the page has its new title */
  };
  addEventListener("popstate", () => setTimeout(page));
  addEventListener("pagehide", flush);
  d.addEventListener("visibilitychange", () => d.visibilityState === "hidden" && flush());
  page();
  if (script.dataset.consent !== undefined) acts.consent();
  for (const said of waiting) w[NAME](...said);
})();
