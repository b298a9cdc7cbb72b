"use strict";
// Follows the change feed of the store, and shows the page again when a key on it changes.
const main = document.getElementById("main");
const status = document.getElementById("live");
const RETRY = 15000;
let feed = null;
let showing = null;

function follow() {
  if (document.hidden || feed) return;
  feed = new AbortController();
  poll(main.dataset.live, feed.signal).catch(() => {}).finally(() => { feed = null; });
}

function leave() {
  if (feed) feed.abort();
}

async function poll(link, signal) {
  const url = new URL(link, location.href);
  for (;;) {
    const answer = await fetch(url, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok) {
      setTimeout(follow, RETRY);
      return;
    }
    const page = await answer.json();
    url.searchParams.set("since", page.position);
    main.dataset.live = url.pathname + url.search;
    if (page.changes.length && !page.more) await refresh();
  }
}

async function refresh() {
  if (main.querySelector("form[data-keep]")) {
    status.textContent = "The data has changed. Reload the page to see it.";
    return;
  }
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  if (!next || main.contains(document.activeElement) && document.activeElement.matches("input")) return;
  const focused = document.activeElement && document.activeElement.getAttribute("href");
  main.replaceChildren(...next.childNodes);
  if (focused) {
    const again = main.querySelector(`a[href="${CSS.escape(focused)}"]`);
    if (again) again.focus({ preventScroll: true });
  }
  status.textContent = "Updated just now.";
  clearTimeout(showing);
  showing = setTimeout(() => { status.textContent = ""; }, 4000);
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
addEventListener("pagehide", leave);
addEventListener("pageshow", follow);
