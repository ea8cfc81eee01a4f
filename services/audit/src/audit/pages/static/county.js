// The page of the county: draws the table of months on screens that run script, in the place of the
// server's picture. The table alone has the numbers; the drawing is for eyes, and says nothing to others.
"use strict";

const text = (cell) => cell.textContent;
const number = (cell) => Number(text(cell).replaceAll(",", "")) || null; // of nothing, no bar
const WHOLE = Array.from({ length: 8 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

// A row of the table is a month (2024-05), how many duties were due in it, and how many of them were breached.
function chart(figure, table) {
  const style = getComputedStyle(figure), colour = (name) => style.getPropertyValue(`--${name}`);
  const [month, due, breached] = Array.from(table.tHead.rows[0].cells, text);
  const rows = Array.from(table.tBodies[0].rows);
  const value = (plot, _, column, at) => (at == null ? "—" : text(rows[at].cells[column]));
  const bars = (label, fill, stroke, width) => ({
    label, value, fill: colour(fill), stroke: colour(stroke), width: 1,
    paths: uPlot.paths.bars({ size: [width] }), points: { show: false },
  });
  const axis = {
    stroke: colour("quiet"), font: `12px ${style.fontFamily}`, ticks: { show: false },
    grid: { stroke: colour("line"), width: 1 },
  };
  const named = ({ cells: [cell] }, at) => {
    const [year, name] = text(cell).split("-");
    // Of two years side by side, only the second: on a telephone they would run into one another.
    return name === "01" || (at === 0 && name !== "12") ? `${name}\n${year}` : name;
  };
  const room = (plot, values) => 12 + 8 * Math.max(...(values || [""]).map(({ length }) => length));
  const size = () => ({ width: figure.clientWidth, height: 220 });
  const plot = new uPlot({
    ...size(), padding: [8, 0, 0, 0],
    scales: {
      x: { time: false, range: [-0.5, rows.length - 0.5] },
      y: { range: (plot, least, most) => [0, Math.max(most, 1) * 1.05] },
    },
    series: [{ label: month, value }, bars(due, "due", "brand", 0.76), bars(breached, "breached", "breached", 0.5)],
    axes: [
      { ...axis, grid: { show: false }, size: 40, splits: () => rows.map((_, at) => at), values: () => rows.map(named) },
      { ...axis, size: room, incrs: WHOLE, values: (plot, at) => at.map((n) => n.toLocaleString("en")) },
    ],
    cursor: {
      y: false, drag: { x: false }, points: { show: false },
      move: (plot, left, top) => [left < 0 ? left : plot.valToPos(plot.posToIdx(left), "x"), top],
    },
  }, [rows.map((_, at) => at), ...[1, 2].map((column) => rows.map(({ cells }) => number(cells[column])))],
  (plot, start) => { figure.prepend(plot.root); start(); });
  plot.root.setAttribute("aria-hidden", "true");
  figure.classList.add("drawn");
  new ResizeObserver(() => plot.setSize(size())).observe(figure);
}

chart(document.getElementById("months"), document.getElementById("months-table"));
