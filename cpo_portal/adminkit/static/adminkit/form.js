// What a form says beyond the theme: that a button goes on without what was typed, and where the errors are.
(() => {
  const form = document.querySelector("form.warn-unsaved-form");
  let changed = false;
  const note = () => {
    changed = true;
  };
  form?.addEventListener("input", note);
  form?.addEventListener("change", note);

  // A dialog acts on what is saved. Whoever goes on all the same was told, and is not asked by the browser as well.
  document.addEventListener("htmx:afterSwap", (event) => {
    const warning = event.target.querySelector("#dialog [data-unsaved]");
    if (warning) warning.hidden = !changed;
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (changed && event.detail.elt.closest("#dialog") && event.detail.xhr.getResponseHeader("HX-Redirect")) {
      window.removeEventListener("beforeunload", window.preventLeaving);
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-goto]");
    const line = link && document.querySelector(`.field-${CSS.escape(link.dataset.goto)}`);
    if (!line) return;
    event.preventDefault();
    line.scrollIntoView({ block: "center" });
    line.querySelector("input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
  });
})();
