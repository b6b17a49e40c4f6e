// Runs before the first paint: the stored choice, else the system's.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("rapport-theme"); } catch { return null; } };
  const apply = () => {
    const theme = stored() || (system.matches ? "dark" : "light");
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("theme-changed", { detail: theme }));
  };
  apply();
  system.addEventListener("change", apply);
  window.rapportTheme = {
    toggle() {
      const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try { localStorage.setItem("rapport-theme", next); } catch { /* private mode: lasts for this page */ }
      root.dataset.bsTheme = next;
      document.dispatchEvent(new CustomEvent("theme-changed", { detail: next }));
    },
  };
})();
