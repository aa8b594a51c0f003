// Adds and removes rows of a list inside a form; without it the one empty row is still there.
document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-rows-add]");
  if (add) {
    const list = document.getElementById(add.dataset.rowsAdd);
    const template = list.querySelector("template");
    const html = template.innerHTML.replaceAll("__row__", list.dataset.next);
    list.dataset.next = Number(list.dataset.next) + 1;
    template.insertAdjacentHTML("beforebegin", html);
    template.previousElementSibling.querySelector("input, select").focus();
  }
  const remove = event.target.closest("[data-rows-remove]");
  if (remove) {
    const list = remove.closest("[data-next]");
    remove.closest(".draft-row").remove();
    list.querySelector("input, select")?.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-rows-add], [data-rows-remove]").forEach((button) => (button.hidden = false));
});
