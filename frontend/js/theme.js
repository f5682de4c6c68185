/* Runs before the first paint, so that a page from the cache or an error page has the chosen theme too. */
const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/);
if (chosen) document.documentElement.dataset.theme = chosen[1];
