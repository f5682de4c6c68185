/* A form's own page: what is wrong is said beside its field before anything is sent. */
import { enhance } from "./webform-fields.js";

const form = document.querySelector(".smk-form");
if (form) enhance(form);
document.querySelector(".smk-notice:not([hidden]), .smk-thanks")?.focus();
