// Palette, shortcuts, drawer, dialogs and the small habits of every page. One listener per kind of event on the document,
// so that parts that arrive later work as well.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const palette = $("#palette");
  const input = $("#palette-input");

  // --- Palette
  function openPalette() {
    if (!palette || palette.open) return;
    palette.showModal();
    input.value = "";
    input.focus();
    htmx.trigger(input, "palette-open");
  }
  function choices() { return [...palette.querySelectorAll("a[role=option]")]; }
  function choose(step) {
    const all = choices();
    if (!all.length) return;
    const at = all.findIndex((line) => line.getAttribute("aria-selected") === "true");
    const next = (at + step + all.length) % all.length;
    all.forEach((line, index) => line.setAttribute("aria-selected", String(index === next)));
    all[next].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", all[next].id);
  }
  input?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(event.key === "ArrowDown" ? 1 : -1); }
    if (event.key === "Enter") { event.preventDefault(); choices().find((line) => line.getAttribute("aria-selected") === "true")?.click(); }
  });

  // --- Keys
  let waitingForSection = 0;
  const typing = (target) => target.closest("input, textarea, select, [contenteditable=true]");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.key === "Escape") { event.target.closest("form")?.querySelector("[data-cancel]")?.click(); closeMenus(); document.body.classList.remove("drawer-open"); return; }
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (waitingForSection && Date.now() - waitingForSection < 1200) {
      waitingForSection = 0;
      const link = $(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (key === "g") { waitingForSection = Date.now(); return; }
    if (key === "?") { $("#keys-help")?.showModal(); return; }
    if (key === "d" && event.shiftKey) { window.rapportTheme.toggle(); return; }
    if (key === "/") { const search = $("[data-list-search]"); if (search) { event.preventDefault(); search.focus(); search.select(); } return; }
    const target = $(`[data-key="${CSS.escape(key)}"]`);
    if (target && !event.shiftKey) { event.preventDefault(); target.click(); }
  });

  // --- Clicks
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });
  }
  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    closeMenus(hit("details.menu"));
    if (hit("[data-palette-open]")) openPalette();
    if (hit("[data-theme-toggle]")) window.rapportTheme.toggle();
    if (hit("[data-drawer-open]")) { document.body.classList.add("drawer-open"); $(".side a")?.focus(); }
    if (hit("[data-drawer-close]")) document.body.classList.remove("drawer-open");
    if (hit("[data-dismiss]")) hit(".notice")?.remove();
    if (hit("[data-close]")) hit("dialog")?.close();
    const toggler = hit("[data-toggle-class]");
    if (toggler) {
      const on = toggler.parentElement.classList.toggle(toggler.dataset.toggleClass);
      toggler.setAttribute("aria-expanded", String(!on));
    }
    const opener = hit("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    const revealer = hit("[data-reveal]");
    if (revealer) {
      const field = document.getElementById(revealer.dataset.reveal);
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      revealer.setAttribute("aria-pressed", String(!shown));
    }
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-tick-all]")) event.target.closest("form").querySelectorAll("[name=row]").forEach((box) => { box.checked = event.target.checked; });
  });

  // --- htmx: the line at the top, and what went wrong
  const line = $("#progress-line");
  let busy = 0;
  const show = () => line?.classList.toggle("is-busy", busy > 0);
  document.addEventListener("htmx:beforeRequest", () => { busy += 1; show(); });
  document.addEventListener("htmx:afterRequest", () => { busy = Math.max(0, busy - 1); show(); });
  function complain(text) {
    const box = $("#messages");
    if (!box) return;
    const notice = document.createElement("div");
    notice.className = "notice notice-error";
    const words = document.createElement("span");
    words.textContent = text;
    notice.append(words);
    box.replaceChildren(notice);
  }
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 403) complain("You may not do that, or the page has expired. Reload it and try again.");
    else if (status === 404) complain("That is no longer there. Reload the page.");
    else if (status >= 500) complain("Something broke on our side; nothing was changed. Try again in a moment.");
  });
  document.addEventListener("htmx:sendError", () => complain("The server does not answer. Check the connection and try again."));
})();
