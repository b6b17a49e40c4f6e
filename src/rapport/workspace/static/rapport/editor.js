// The definition's editor: Tab indents by two, Shift+Tab back, Ctrl+S saves, leaving with changes asks.
(() => {
  const text = document.getElementById("document");
  const form = document.getElementById("editor");
  if (!text || !form) return;
  const before = text.value;
  let saving = false;
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { text.blur(); return; }
    if (event.key !== "Tab" || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    const from = text.value.lastIndexOf("\n", text.selectionStart - 1) + 1;
    const lines = text.value.slice(from, text.selectionEnd).split("\n");
    const moved = lines.map((line) => (event.shiftKey ? line.replace(/^ {1,2}/, "") : "  " + line)).join("\n");
    const start = text.selectionStart, one = start === text.selectionEnd && !event.shiftKey;
    if (one) { document.execCommand("insertText", false, "  "); return; }
    text.setSelectionRange(from, text.selectionEnd);
    document.execCommand("insertText", false, moved);
    text.setSelectionRange(from, from + moved.length);
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); form.requestSubmit(); }
  });
  form.addEventListener("submit", () => { saving = true; });
  window.addEventListener("beforeunload", (event) => { if (!saving && text.value !== before) event.preventDefault(); });
})();
