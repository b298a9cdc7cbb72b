"use strict";
// Follows the change feed of the store by Server-Sent Events, and shows the page again when a key on it changed.

const main = document.getElementById("main");
const told = document.getElementById("live");
const PAUSE = 300; // milliseconds in which several changes become one
const RETRY = 15000; // milliseconds until a feed that was refused is tried again
let feed = null;
let waiting = null;
let showing = null;

function follow() {
  if (feed || document.hidden) return;
  feed = new EventSource(main.dataset.live);
  feed.onmessage = soon;
  feed.addEventListener("expired", () => { leave(); soon(); });
  feed.onerror = () => {
    if (feed.readyState !== EventSource.CLOSED) return; // the browser connects again by itself
    leave();
    setTimeout(follow, RETRY);
  };
}

function leave() {
  if (feed) feed.close();
  feed = null;
}

function soon() {
  if (!waiting) waiting = setTimeout(() => { waiting = null; refresh().catch(() => {}); }, PAUSE);
}

async function refresh() {
  if (main.querySelector("form[data-keep]")) {
    tell("This has changed. Reload the page to see it.");
    return;
  }
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.getElementById("main");
  if (!next) return;
  if (main.contains(document.activeElement) && document.activeElement.matches("input")) {
    tell("This has changed. Reload the page to see it.");
    return;
  }
  const focused = main.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  main.replaceChildren(...next.childNodes);
  if (next.dataset.live) main.dataset.live = next.dataset.live;
  if (focused) main.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  tell("Updated");
  follow();
}

function tell(text) {
  told.textContent = text;
  clearTimeout(showing);
  showing = setTimeout(() => { told.textContent = ""; }, 5000);
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
addEventListener("pagehide", leave);
addEventListener("pageshow", follow);
