// Passkeys: the browser asks the device, the form carries the answer. The portal says what to ask and checks what comes back.
"use strict";

const canPasskeys = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

const asked = async (options) =>
  JSON.stringify(await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }));

const made = async (options) =>
  JSON.stringify(await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }));

const sayAt = (place, words) => { place.querySelector("output").textContent = words; };

// The form is sent once to be prepared: the answer holds what the device is to sign, and the digest of exactly that.
async function prepared(form) {
  const body = new URLSearchParams(new FormData(form));
  body.set("passkey", "ask");
  const answer = await fetch(form.action, { method: "POST", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[data-passkey][data-options]");
}

async function confirmByPasskey(button) {
  const place = button.closest("[data-passkey]");
  const form = button.form;
  const code = form.elements.code;
  if (code) code.value = "";
  if (!form.reportValidity()) return;
  const field = place.querySelector("input");
  const options = place.dataset.at === "sign-in" ? place : await prepared(form);
  if (options) {
    if (options.dataset.digest) sayAt(place, `Your device signs ${options.dataset.digest}`);
    field.value = await asked(JSON.parse(options.dataset.options));
  } else {
    // Something else is amiss; the portal says what when the form is sent.
    field.value = "ask";
  }
  form.requestSubmit();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey-ask]");
  if (!button) return;
  const place = button.closest("[data-passkey]");
  button.disabled = true;
  confirmByPasskey(button)
    .catch(() => sayAt(place, canPasskeys ? "Your device did not answer. Try again." : "This browser knows no passkeys."))
    .finally(() => { button.disabled = false; });
});

// A form that adds a passkey has the device make it first, but for a button of it that goes elsewhere.
document.addEventListener("submit", (event) => {
  const place = event.target.querySelector("[data-passkey-make]");
  const field = place && place.querySelector("input");
  if (!field || field.value || (event.submitter && event.submitter.hasAttribute("formaction"))) return;
  event.preventDefault();
  made(JSON.parse(place.dataset.options))
    .then((answer) => { field.value = answer; event.target.requestSubmit(event.submitter); })
    .catch(() => sayAt(place, canPasskeys ? "Your device made no passkey. Try again." : "This browser knows no passkeys."));
}, true);
