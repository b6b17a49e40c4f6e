// The definition's editor: form and text of one document. In the text, Tab indents by two, Shift+Tab back;
// Ctrl+S saves, leaving with changes asks.
(() => {
  const form = document.getElementById("editor");
  if (!form) return;
  const text = () => document.getElementById("document"); // replaced whenever the form changes it
  const before = text().value;
  let saving = false;

  const show = (view) => {
    document.querySelectorAll("[data-pane]").forEach((pane) => { pane.hidden = pane.dataset.pane !== view; });
    document.querySelectorAll("[data-view]").forEach((button) => { button.setAttribute("aria-pressed", String(button.dataset.view === view)); });
    try { localStorage.setItem("rapport.editor", view); } catch { /* private browsing: not remembered */ }
  };
  document.querySelectorAll("[data-view]").forEach((button) => button.addEventListener("click", () => show(button.dataset.view)));
  try { if (localStorage.getItem("rapport.editor") === "text") show("text"); } catch { /* as above */ }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); form.requestSubmit(); return; }
    const field = text();
    if (event.target !== field) return;
    if (event.key === "Escape") { field.blur(); return; }
    if (event.key !== "Tab" || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    const from = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
    const lines = field.value.slice(from, field.selectionEnd).split("\n");
    const moved = lines.map((line) => (event.shiftKey ? line.replace(/^ {1,2}/, "") : "  " + line)).join("\n");
    const start = field.selectionStart, one = start === field.selectionEnd && !event.shiftKey;
    if (one) { document.execCommand("insertText", false, "  "); return; }
    field.setSelectionRange(from, field.selectionEnd);
    document.execCommand("insertText", false, moved);
    field.setSelectionRange(from, from + moved.length);
  });
  form.addEventListener("submit", () => { saving = true; });
  window.addEventListener("beforeunload", (event) => { if (!saving && text().value !== before) event.preventDefault(); });
})();
