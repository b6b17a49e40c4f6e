// Draws every [data-chart] from the Vega-Lite spec in the JSON element of that id, without eval, in the page's colours.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  function look() {
    const ink = css("--r-ink-3"), line = css("--r-line");
    return {
      background: null,
      font: css("--r-font"),
      view: { stroke: null },
      axis: { labelColor: ink, titleColor: ink, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 11, titleFontSize: 11, titleFontWeight: 500, grid: true, labelPadding: 6 },
      axisX: { grid: false }, axisY: { domain: false, ticks: false },
      legend: { labelColor: ink, titleColor: ink, labelFontSize: 11, titleFontSize: 11, titleFontWeight: 500 },
      header: { labelColor: ink, titleColor: ink }, title: { color: css("--r-ink"), fontSize: 13, anchor: "start" },
      mark: { color: css("--r-accent") }, bar: { cornerRadiusEnd: 2 }, line: { strokeWidth: 2 }, text: { color: css("--r-ink") }, rule: { color: css("--r-line-strong") },
      range: { category: ["--r-accent", "--r-level-3", "--r-level-1", "--r-level-4", "--r-level-2", "--r-ink-3"].map(css), ordinal: { scheme: "teals" } },
    };
  }
  async function draw(box) {
    const source = document.getElementById(box.dataset.chart);
    if (!source) return;
    delete box.dataset.drawn; // while it is drawn again in other colours
    const spec = { width: "container", autosize: { type: "fit", contains: "padding" }, ...JSON.parse(source.textContent) };
    const config = { ...look(), ...(spec.config || {}) };
    delete spec.config;
    await vegaEmbed(box, { ...spec, config }, { actions: false, renderer: "svg", ast: true, expr: vegaInterpreter.expressionInterpreter, defaultStyle: false, tooltip: { disableDefaultStyle: true } });
    box.dataset.drawn = "yes";
  }
  const all = (from) => [...from.querySelectorAll("[data-chart]")];
  document.addEventListener("DOMContentLoaded", () => all(document).forEach(draw));
  document.addEventListener("htmx:afterSettle", (event) => all(event.target).filter((box) => !box.dataset.drawn).forEach(draw));
  document.addEventListener("theme-changed", () => all(document).forEach(draw));
})();
