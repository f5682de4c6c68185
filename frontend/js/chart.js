/* Charts: <div class="chart" data-chart="id-of-json_script" role="img" aria-label="..."></div>. The table beside it holds the
   same numbers; this draws them with the page's own tokens, and again when the theme changes.

   {"kind": "line" | "bar", "labels": [...], "stacked": false, "money": "EUR",
    "series": [{"name": "Offered by marketing", "own": "mkt", "values": [...], "urls": [...]}]} */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([LineChart, BarChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const SHAPES = { mkt: "circle", sal: "rect", both: "diamond", cus: "triangle", out: "emptyCircle" };
const ORDER = ["mkt", "sal", "both", "cus", "out"];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const drawn = new Map();
const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const probe = document.createElement("span");

/* The library reads only old colour formats: let the browser turn a token into one. */
function token(name) {
  probe.style.color = `var(--${name})`;
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = getComputedStyle(probe).color;
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
}

function figures(data) {
  const lang = document.documentElement.lang || "en";
  const format = new Intl.NumberFormat(lang, data.money ? { style: "currency", currency: data.money, notation: "compact", maximumFractionDigits: 1 } : { maximumFractionDigits: data.digits ?? 1 });
  return (value) => (value == null ? "" : format.format(value));
}

function series(data, say) {
  return data.series.map((one, index) => {
    const own = one.own ?? ORDER[index % ORDER.length];
    const shared = { name: one.name, data: one.values, itemStyle: { color: token(own) }, emphasis: { focus: "series" } };
    if (data.kind === "bar") {
      return { ...shared, type: "bar", stack: data.stacked ? "all" : undefined, barMaxWidth: 28, label: { show: !data.stacked && data.labels.length < 13, position: "top", color: token("ink-2"), formatter: ({ value }) => say(value) } };
    }
    return {
      ...shared,
      type: "line",
      symbol: SHAPES[own] ?? "circle",
      symbolSize: 7,
      lineStyle: { width: 2, color: token(own) },
      endLabel: { show: true, distance: 10, color: token(`${own}-text`), fontWeight: 600, formatter: ({ seriesName, value }) => `${seriesName} ${say(value)}` },
      labelLayout: { moveOverlap: "shiftY" },
    };
  });
}

function options(data, width) {
  const say = figures(data);
  const font = { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11, fontWeight: 500, color: token("ink-2") };
  const direct = data.kind !== "bar" && width > 480;
  const longest = Math.max(0, ...data.series.map((one) => `${one.name} ${say(one.values.at(-1))}`.length));
  const keyed = !direct && data.series.length > 1;
  const rows = keyed ? Math.ceil(data.series.reduce((sum, one) => sum + one.name.length * 6 + 28, 0) / width) : 0;
  const drawnSeries = series(data, say).map((one) => (direct || data.kind === "bar" ? one : { ...one, endLabel: { show: false } }));
  return {
    animation: !calm.matches,
    animationDuration: 200,
    textStyle: font,
    grid: { left: 4, right: direct ? Math.min(220, 16 + longest * 6.5) : 8, top: 16 + rows * 20, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: { show: keyed, top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: font },
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: token("raised"), borderColor: token("line-2"), textStyle: { ...font, color: token("ink") }, valueFormatter: say },
    xAxis: { type: "category", boundaryGap: data.kind === "bar", data: data.labels, axisLine: { lineStyle: { color: token("line-2") } }, axisTick: { show: false }, axisLabel: { ...font, color: token("ink-3") } },
    yAxis: { type: "value", min: 0, splitNumber: 3, splitLine: { lineStyle: { color: token("line") } }, axisLabel: { ...font, color: token("ink-3"), formatter: say } },
    series: drawnSeries,
  };
}

function draw(element) {
  const source = document.getElementById(element.dataset.chart);
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const chart = drawn.get(element) ?? echarts.init(element, null, { renderer: "canvas" });
  chart.setOption(options(data, element.clientWidth), true);
  if (drawn.has(element)) return;
  drawn.set(element, chart);
  chart.on("click", ({ seriesIndex, dataIndex }) => {
    const url = JSON.parse(source.textContent).series[seriesIndex]?.urls?.[dataIndex];
    if (url) location.assign(url);
  });
  new ResizeObserver(() => {
    if (!element.isConnected) return;
    chart.resize();
    chart.setOption(options(data, element.clientWidth), true);
  }).observe(element);
}

function drawAll() {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  for (const [element, chart] of drawn) {
    if (element.isConnected) continue;
    chart.dispose();
    drawn.delete(element);
  }
  document.querySelectorAll(".chart[data-chart]").forEach(draw);
}

drawAll();
document.addEventListener("theme", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
document.addEventListener("htmx:finally:swap", drawAll);
