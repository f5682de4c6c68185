/* What every htmx request needs: the CSRF token, and a clear sentence when it fails.
   422 is swapped in like a success, so that form errors show; everything else that fails changes nothing on the page. */
import { carry, refuse, toast } from "./toasts.js";
import { word } from "./words.js";

const SAFE = /^(GET|HEAD|OPTIONS|QUERY)$/;
const SENTENCES = { 400: "failed", 401: "signedOut", 403: "forbidden", 404: "gone", 409: "stale", 410: "gone", 429: "many" };

function addToken({ detail: { ctx } }) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && !SAFE.test(ctx.request.method)) ctx.request.headers["X-CSRFToken"] = token;
}

/* fetch follows redirects, so a sign-in page or a whole other page would be swapped into a corner of this one. */
async function followRedirect(event) {
  const { ctx } = event.detail;
  const { raw } = ctx.response;
  if (!raw.redirected || ctx.sourceElement?._htmx?.boosted) return;
  const to = new URL(raw.url);
  const login = document.getElementById("words")?.dataset.login;
  event.preventDefault();
  if (login && to.pathname === login) {
    toast({ text: word("signedOut"), kind: "bad", href: login, action: word("signIn") });
    return;
  }
  carry(await raw.text());
  if (to.pathname + to.search === location.pathname + location.search) location.reload();
  else location.assign(to);
}

function explain({ detail: { ctx } }) {
  const { status } = ctx.response;
  if (status === 422 || ctx.hx?.trigger?.includes("toast")) return; // the answer speaks for itself
  refuse(word(SENTENCES[status] ?? "failed"));
}

function unreachable({ detail: { ctx, error } }) {
  if (ctx && !ctx.response && error?.name !== "AbortError") refuse(word("offline"));
  else if (ctx?.request.signal.reason === "timeout") refuse(word("offline"));
}

export function initRequests() {
  document.addEventListener("htmx:config:request", addToken);
  document.addEventListener("htmx:before:response", followRedirect);
  document.addEventListener("htmx:response:error", explain);
  document.addEventListener("htmx:error", unreachable);
}
