// What makes the pages pleasant where scripts run: copying digests, sheets, filters that send themselves, arrow keys in tables.
// Every page works without it.
"use strict";

document.documentElement.classList.add("scripted");

const say = (words) => {
  const line = document.getElementById("status");
  if (line) line.textContent = words;
};

// A whole digest gets a button that copies it.
function addCopyButtons(root) {
  for (const code of root.querySelectorAll("code[data-copy]:not([data-copies])")) {
    code.dataset.copies = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small plain";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.dataset.copy);
      button.textContent = "Copied";
      say("Digest copied.");
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.after(" ", button);
  }
}

// A sheet opens once its content has arrived, and closes by its own cancel link, Escape, or an answer elsewhere.
function openSheet(sheet) {
  if (!sheet.open && sheet.childElementCount) sheet.showModal();
}

document.addEventListener("click", (event) => {
  const cancel = event.target.closest("[data-close-sheet]");
  const sheet = cancel && cancel.closest("dialog");
  if (sheet) {
    event.preventDefault();
    sheet.close();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("close", (event) => {
  if (event.target.id === "sheet") event.target.replaceChildren();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") moveInTable(event);
});

// With the focus on a row's link, the arrow keys go to the same place in the next or previous row.
function moveInTable(event) {
  const row = event.target.closest("tbody tr");
  if (!row || !event.target.matches("a, button")) return;
  const place = [...row.querySelectorAll("a, button")].indexOf(event.target);
  let next = row;
  do {
    next = event.key === "ArrowDown" ? next.nextElementSibling : next.previousElementSibling;
  } while (next && !next.querySelector("a, button"));
  if (!next) return;
  const targets = next.querySelectorAll("a, button");
  event.preventDefault();
  targets[Math.min(place, targets.length - 1)].focus();
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) form.requestSubmit();
});

// A region that replaces itself says in `data-said` how things stand; it is said aloud when that changed, not at every turn.
const lastSaid = new Map();
function sayWhatChanged() {
  for (const region of document.querySelectorAll("[data-said]")) {
    const { said } = region.dataset;
    if (lastSaid.has(region.id) && lastSaid.get(region.id) !== said) say(said);
    lastSaid.set(region.id, said);
  }
}

document.addEventListener("htmx:afterSettle", sayWhatChanged);

document.addEventListener("htmx:afterSwap", (event) => {
  addCopyButtons(event.detail.target);
  if (event.detail.target.id === "sheet") openSheet(event.detail.target);
  const summary = event.detail.target.querySelector(".error-summary");
  if (summary) summary.focus();
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  say(status === 403 ? "You may see this, but not do that." : status === 404 ? "That is not there any more." : "The portal could not answer. Nothing was changed; try again.");
});

document.addEventListener("htmx:sendError", () => say("The portal cannot be reached. Nothing was changed; try again."));

document.addEventListener("DOMContentLoaded", () => {
  addCopyButtons(document);
  sayWhatChanged();
  // On a narrow screen the navigation scrolls sideways; where one is should be in sight.
  const here = document.querySelector(".nav [aria-current]");
  if (here) here.scrollIntoView({ block: "nearest", inline: "center" });
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
});
