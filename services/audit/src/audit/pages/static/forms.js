// What the browser says of a field is shown beside it, and no screen reader speaks it: so it is told as well.
"use strict";

addEventListener("invalid", ({ target }) => {
  if (target !== target.form.querySelector("input:invalid")) return;
  const said = document.createElement("p");
  said.className = "heard";
  said.role = "alert";
  said.textContent = target.validationMessage;
  document.querySelector(".heard")?.remove();
  target.after(said);
  target.addEventListener("input", () => said.remove(), { once: true });
}, true);
