"use strict";
// A button beside each password that shows it. Without scripts there is none, and nothing is missing.
for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.textContent = document.body.dataset.reveal;
  button.setAttribute("aria-controls", field.id);
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  show(false);
  button.addEventListener("click", () => show(field.type === "password"));
  // Browsers keep what was typed as text among the entries that they suggest later.
  field.form.addEventListener("submit", () => show(false));
  field.after(button);
}
