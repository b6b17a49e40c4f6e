// Dashboards: days of one's own, moving tiles and stepping through the catalogue by keyboard, fields that depend on others.
(() => {
  const hit = (event, selector) => event.target.closest?.(selector);

  // The two date fields become one period, first..last.
  document.addEventListener("click", (event) => {
    const button = hit(event, "[data-days-chosen]");
    if (!button) return;
    const form = button.closest("form");
    const first = form.querySelector("[data-day=first]").value, last = form.querySelector("[data-day=last]").value;
    if (!first || !last || last < first) { form.querySelector("[data-day=last]").focus(); return; }
    const select = form.elements.period, option = new Option(`${first}..${last}`, `${first}..${last}`, true, true);
    select.add(option);
    form.requestSubmit();
  });

  // A button that has nowhere to move to stays focusable, so that focus is not lost at the ends.
  document.addEventListener("submit", (event) => {
    if (event.target.querySelector("[aria-disabled=true]")) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  document.addEventListener("click", (event) => {
    if (hit(event, "button[aria-disabled=true]")) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);

  document.addEventListener("keydown", (event) => {
    const up = event.key === "ArrowUp", down = event.key === "ArrowDown";
    if (!up && !down) return;
    const row = hit(event, "[data-tile]");
    if (row && event.altKey) { event.preventDefault(); row.querySelector(up ? "[data-earlier]" : "[data-later]").click(); return; }
    const source = hit(event, "[data-moves-into]");
    if (source && down) { event.preventDefault(); document.querySelector(`${source.dataset.movesInto} [data-steps]`)?.focus(); return; }
    const step = hit(event, "[data-steps]");
    if (!step) return;
    event.preventDefault();
    const all = [...document.querySelectorAll("[data-steps]")], next = all[all.indexOf(step) + (down ? 1 : -1)];
    (next || (up && document.querySelector("[data-moves-into]")))?.focus();
  });

  // <… data-shown-for="audience=team"> stands only while that field has one of those values.
  function show(form) {
    form.querySelectorAll("[data-shown-for]").forEach((part) => {
      const [name, values] = part.dataset.shownFor.split("=");
      part.hidden = !values.split("|").includes(form.elements[name].value);
    });
  }
  const showAll = (from) => from.querySelectorAll("form").forEach(show);
  document.addEventListener("change", (event) => { if (event.target.form) show(event.target.form); });
  document.addEventListener("DOMContentLoaded", () => showAll(document));
  document.addEventListener("htmx:afterSettle", (event) => showAll(event.target));

  // What was fetched is told in a word: a reader of the screen does not hear thirty tiles at once.
  document.addEventListener("htmx:afterSettle", (event) => {
    const told = document.querySelector("[data-told]");
    if (told && event.target.matches?.("[data-figures]")) told.textContent = told.dataset.told;
  });
})();
