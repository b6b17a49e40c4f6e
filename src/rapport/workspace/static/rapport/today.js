// The work list by keyboard: J and K move, Enter opens the record, D done, Z snooze until tomorrow, X not relevant.
(() => {
  const items = () => [...document.querySelectorAll("[data-work-item]:not([data-decided])")];
  const current = () => document.querySelector("[data-work-item].is-current");
  function choose(item) {
    items().forEach((other) => other.classList.toggle("is-current", other === item));
    if (!item) return;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
  function move(step) {
    const all = items();
    const at = all.indexOf(current());
    choose(at < 0 ? all[0] : all[Math.min(all.length - 1, Math.max(0, at + step))]);
  }
  const typing = (target) => target.closest("input, textarea, select, [contenteditable=true]");
  document.addEventListener("keydown", (event) => {
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") { event.preventDefault(); move(key === "j" ? 1 : -1); return; }
    const item = current();
    if (!item) return;
    if (event.key === "Enter" && event.target === item) { item.querySelector("[data-work-open]")?.click(); return; }
    const button = item.querySelector(`[data-work-do="${CSS.escape(key)}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
    if (button.tagName === "SUMMARY") button.parentElement.querySelector("input")?.focus();
  });
  let next = -1;
  document.addEventListener("htmx:beforeSwap", (event) => {
    next = event.detail.target.matches?.("[data-work-item].is-current") ? items().indexOf(event.detail.target) : -1;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (next < 0) return;
    const all = items();
    choose(all[Math.min(next, all.length - 1)]);
    next = -1;
  });
})();
