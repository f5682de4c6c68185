import htmx from "htmx.org";
import "@github/relative-time-element";
import { announce } from "./announce.js";
import { initDialogs, openDialog } from "./dialogs.js";
import { initForms } from "./forms.js";
import { initLive } from "./live.js";
import { initMenus } from "./menus.js";
import { initMentions } from "./mentions.js";
import { initPlaces, keepOnCard } from "./places.js";
import { initPreview } from "./preview.js";
import { initRequests } from "./requests.js";
import { initShell } from "./shell.js";
import { initToasts, refuse, toast } from "./toasts.js";
import { word } from "./words.js";

window.htmx = htmx;
/** What the other bundles of a page may use. */
window.smarketing = { announce, keepOnCard, openDialog, refuse, toast, word };

initRequests();
initToasts();
initMenus();
initDialogs();
initForms();
initMentions();
initPlaces();
initPreview();
initShell();
initLive();
// htmx would wait for a timer, behind the page's load event: what is clicked before then would go out as a plain form.
htmx.initialize();
