// Days of one's own: the two date fields become one period, first..last.
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-days-chosen]");
    if (!button) return;
    const form = button.closest("form");
    const first = form.querySelector("[data-day=first]").value, last = form.querySelector("[data-day=last]").value;
    if (!first || !last || last < first) { form.querySelector("[data-day=last]").focus(); return; }
    const select = form.elements.period, option = new Option(`${first}..${last}`, `${first}..${last}`, true, true);
    select.add(option);
    form.requestSubmit();
  });
})();
