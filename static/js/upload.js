// Sends result files one by one with their progress, each with its own line and outcome. Without scripts the form sends them all at once.
"use strict";

const form = document.querySelector("form[data-upload]");
if (form) {
  const input = form.querySelector("input[type=file]");
  const drop = document.getElementById("drop");
  const queue = document.getElementById("queue");
  let sum = "";
  let refused = 0;

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  }
  drop.addEventListener("drop", (event) => { input.files = event.dataTransfer.files; listFiles(); });
  input.addEventListener("change", listFiles);

  form.addEventListener("submit", async (event) => {
    if (!input.files.length || !form.reportValidity()) return;
    event.preventDefault();
    const button = form.querySelector("button.primary");
    button.disabled = true;
    const lines = listFiles();
    const kept = [];
    refused = 0;
    for (const [index, file] of [...input.files].entries()) {
      const answer = await send(file, lines[index]);
      if (answer) kept.push(answer);
    }
    button.disabled = false;
    sum = `${kept.length} of ${input.files.length} files are kept`;
    sayInSum();
    // One file leads to its receipt, which says so where it was there already; of several each line leads to its own.
    if (input.files.length === 1 && kept.length) window.location.assign(kept[0].address);
  });

  // A file that is kept and then refused is not nothing: it shuts the gate of the model.
  function sayInSum() {
    const shut = refused ? `; ${refused} of them ${refused === 1 ? "was" : "were"} refused, and the gate of the model stays shut until a reviewer answers for ${refused === 1 ? "it" : "each"}` : "";
    if (sum) document.getElementById("status").textContent = `${sum}${shut}.`;
  }

  function listFiles() {
    queue.replaceChildren(...[...input.files].map((file) => {
      const line = document.createElement("li");
      const name = document.createElement("span");
      name.textContent = file.name;
      const progress = document.createElement("progress");
      progress.max = 100;
      progress.value = 0;
      progress.setAttribute("aria-label", `${file.name} sent`);
      const state = document.createElement("span");
      state.textContent = "Waits";
      line.append(name, progress, state);
      return line;
    }));
    return [...queue.children];
  }

  // Answers what was kept, with the address of its receipt, or nothing when the file was refused; the line says which.
  function send(file, line) {
    const [, progress, state] = line.children;
    const body = new FormData(form);
    body.delete(input.name);
    body.append(input.name, file);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        if (!event.lengthComputable) return;
        progress.value = Math.round((100 * event.loaded) / event.total);
        state.textContent = `${progress.value} %`;
      });
      request.addEventListener("error", () => { say(line, "The portal cannot be reached. Nothing was kept; send it again."); resolve(null); });
      request.addEventListener("load", () => resolve(settle(request, line)));
      request.send(body);
    });
  }

  function settle(request, line) {
    let answer = null;
    try { answer = JSON.parse(request.responseText); } catch { answer = null; }
    if (!answer || !answer.taken) { say(line, "The portal could not answer. Send it again."); return null; }
    if (!answer.taken.length) {
      say(line, answer.refused.map((one) => one[1]).join(" "));
      for (const [, , place] of answer.refused) if (place) line.append(linkTo(place, "Open the earlier upload"));
      return null;
    }
    const [taken] = answer.taken;
    const [, progress, state] = line.children;
    progress.value = 100;
    const link = linkTo(taken.address, taken.created ? "Kept: open the receipt" : "There already: open the receipt");
    state.replaceChildren(link);
    if (input.files.length > 1) follow(line, link);
    return taken;
  }

  function linkTo(address, words) {
    const link = document.createElement("a");
    link.href = address;
    link.textContent = words;
    return link;
  }

  // Asks every two seconds until the file is read, refused or given up; a portal that cannot be reached for a minute ends it.
  async function follow(line, link) {
    const progress = line.children[1];
    progress.setAttribute("aria-label", `${line.children[0].textContent} read`);
    let missed = 0;
    while (missed < 30) {
      const told = await ask(link.href);
      if (told) {
        missed = 0;
        progress.value = told.percent;
        link.textContent = `${told.words}: open the receipt`;
        if (told.finished) {
          if (told.state === "rejected") { refused += 1; sayInSum(); }
          if (told.code) say(line, [told.message, told.where && `Where: ${told.where}.`, told.what_to_do, `Code ${told.code}.`].filter(Boolean).join(" "), link, told.words);
          return;
        }
      } else {
        missed += 1;
      }
      await new Promise((resolve) => { setTimeout(resolve, 2000); });
    }
  }

  async function ask(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  function say(line, words, link, state = "Refused") {
    line.children[2].textContent = link ? `${state} ` : state;
    if (link) { link.textContent = "open the receipt"; line.children[2].append(link); }
    const detail = document.createElement("p");
    detail.className = "detail";
    detail.textContent = words;
    line.append(detail);
  }
}
