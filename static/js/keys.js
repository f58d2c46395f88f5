// The keyboard's short ways: Ctrl/Cmd-K finds anything, `g` and a letter goes to a page, `/` searches, `?` says all this.
// Single keys can be switched off, for those whose voice or hand types them by accident.
"use strict";

const palette = document.getElementById("palette");
const shortcuts = document.getElementById("shortcuts");
const SINGLE_KEYS = "asl-single-keys";
let leading = false;

const singleKeysAreOff = () => localStorage.getItem(SINGLE_KEYS) === "off";
const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
const choices = () => [...palette.querySelectorAll(".hits a")];

function openPalette() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  palette.showModal();
  const field = palette.querySelector("input[type=search]");
  field.select();
  htmx.trigger(field, "search-now");
}

// From the field down into what was found, through it, and back up to the field.
function moveInPalette(event) {
  const all = choices();
  const field = palette.querySelector("input[type=search]");
  const next = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  event.preventDefault();
  if (next < 0) field.focus();
  else if (next < all.length) all[next].focus();
}

function goTo(letter) {
  const target = document.querySelector(`.nav a[data-key="${CSS.escape(letter)}"]`);
  if (target) target.click();
  return target !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
    event.preventDefault();
    if (palette.open) palette.close(); else openPalette();
    return;
  }
  if (palette.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) { moveInPalette(event); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (singleKeysAreOff()) return;
  if (event.key === "?") { event.preventDefault(); shortcuts.showModal(); return; }
  if (leading) {
    leading = false;
    if (goTo(event.key.toLowerCase())) event.preventDefault();
    return;
  }
  if (event.key === "/") { event.preventDefault(); openPalette(); }
  if (event.key === "g") {
    leading = true;
    setTimeout(() => { leading = false; }, 1500);
  }
});

if (palette) {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-opens-palette]")) { event.preventDefault(); openPalette(); }
    if (event.target.closest("[data-opens-shortcuts]")) { palette.close(); shortcuts.showModal(); }
  });
  // Enter goes straight to the first thing found; with nothing found the form sends itself to the search page.
  palette.querySelector("form").addEventListener("submit", (event) => {
    const [first] = choices();
    if (first) { event.preventDefault(); first.click(); }
  });
  const single = shortcuts.querySelector("input[type=checkbox]");
  single.checked = !singleKeysAreOff();
  single.addEventListener("change", () => localStorage.setItem(SINGLE_KEYS, single.checked ? "on" : "off"));
}
