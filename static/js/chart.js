// Draws <div class="chart" data-chart="ID"> from the plotly figure in <script id="ID"
// type="application/json">. Colours come from the style sheet: the theme of the page becomes a
// plotly template, under what the figure itself says; a figure names series colours as
// "var(--chart-1)", which plotly.js does not know and which are resolved here. When the theme
// changes, charts are drawn again.
(() => {
  const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false };

  // An element can resolve light-dark() and color-mix(); a custom property alone cannot.
  const colourReader = () => {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
    return {
      read: (value) => {
        probe.style.color = value;
        return getComputedStyle(probe).color;
      },
      close: () => probe.remove(),
    };
  };

  const resolve = (value, read) => {
    if (typeof value === "string") return value.startsWith("var(--") ? read(value) : value;
    if (Array.isArray(value)) return value.map((item) => resolve(item, read));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, read)]));
  };

  const SERIES = [1, 2, 3, 4, 5, 6].map((number) => `var(--chart-${number})`);
  const AXIS = {
    automargin: true,
    ticklabelstandoff: 5,
    fixedrange: true, // a finger that scrolls the page must not zoom the chart
    gridcolor: "var(--chart-grid)",
    linecolor: "var(--chart-axis)",
    tickcolor: "var(--chart-axis)",
    zerolinecolor: "var(--chart-axis)",
    title: { font: { size: 13, color: "var(--ink-soft)" } },
    tickfont: { color: "var(--ink-soft)" },
  };
  const WHISKERS = { thickness: 1.5, width: 4 };
  const theme = (font) => ({
    layout: {
      autosize: true,
      dragmode: false,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      colorway: SERIES,
      font: { family: font, size: 13, color: "var(--ink)" },
      hoverlabel: {
        bgcolor: "var(--ink)",
        bordercolor: "var(--ink)",
        font: { family: font, color: "var(--paper)" },
      },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal" },
      bargap: 0.4,
      margin: { l: 8, r: 12, t: 8, b: 8 },
      xaxis: AXIS,
      yaxis: AXIS,
    },
    data: {
      scatter: [{ marker: { size: 9 }, error_x: WHISKERS, error_y: WHISKERS }],
      bar: [{ marker: { line: { width: 0 } }, error_x: WHISKERS, error_y: WHISKERS }],
    },
  });

  const draw = (host) => {
    const source = document.getElementById(host.dataset.chart);
    if (!source) return;
    const figure = JSON.parse(source.textContent);
    const colours = colourReader();
    const template = theme(getComputedStyle(document.body).fontFamily);
    const { data, layout } = resolve(
      { data: figure.data, layout: { ...figure.layout, template } },
      colours.read,
    );
    colours.close();
    window.Plotly.react(host, data, layout, CONFIG);
  };

  const charts = (root) => root.querySelectorAll("[data-chart]");
  const drawAll = () => charts(document).forEach(draw);

  drawAll();
  document.addEventListener("arena:theme", drawAll);
  document.addEventListener("htmx:afterSettle", (event) => charts(event.target).forEach(draw));
})();
