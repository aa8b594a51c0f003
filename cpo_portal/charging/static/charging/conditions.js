// Shows of a condition only what its fact asks for; without it every input is there.
const fit = (row) => {
  const fact = row.querySelector("select[name$='-fact']");
  const asked = (fact.selectedOptions[0]?.dataset.inputs || "").split(" ");
  row.querySelectorAll("[data-input]").forEach((label) => {
    label.hidden = !asked.includes(label.dataset.input);
    // What is hidden is not sent: it belonged to another fact.
    label.querySelectorAll("input, select").forEach((input) => (input.disabled = label.hidden));
  });
};
const fitAll = () => document.querySelectorAll("[data-condition]").forEach(fit);
document.addEventListener("DOMContentLoaded", fitAll);
document.addEventListener("change", (event) => {
  const row = event.target.closest("[data-condition]");
  if (row) fit(row);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-rows-add]")) fitAll();
});
