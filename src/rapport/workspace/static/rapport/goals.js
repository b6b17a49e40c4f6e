// Goals: the preview follows what is typed, a suggestion becomes the target, a new objective asks for its name.
(() => {
  const form = document.querySelector("[data-goal-form]");
  if (form) {
    const ask = () => htmx.trigger(form, "preview");
    let waiting;
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(ask, 400); };
    form.addEventListener("input", (event) => { if (["target", "first", "last"].includes(event.target.name)) soon(); });
    form.addEventListener("change", (event) => { if (["part", "direction"].includes(event.target.name)) soon(); });
    const objective = form.elements.objective;
    const fresh = form.querySelector("[data-new-objective]");
    const follow = () => { fresh.hidden = objective.value !== "new"; };
    objective.addEventListener("change", follow);
    follow();
    document.addEventListener("click", (event) => {
      const taken = event.target.closest("[data-target]");
      if (!taken) return;
      form.elements.kind.value = "value";
      form.elements.target.value = taken.dataset.target;
      form.elements.target.focus();
      ask();
    });
  }
  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
})();
