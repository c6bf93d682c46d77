// The ladder: a row for each message, a column for each host, drawn as SVG row by row.

const ROW_HEIGHT = 34;
const HEAD = 9;
const PIN = 19;
const NARROWEST = 112;
const WIDEST = 300;
const LONGEST_LABEL = 44;

function ladderOf(transfer, onlyTransfer) {
  const arrows = transfer.arrows.filter((arrow) => arrow.transfer || !onlyTransfer);
  const paper = paperFor(transfer);
  const rows = element("ol", { class: "rows" }, arrows.flatMap((arrow) => rowsOf(arrow, transfer, paper)));
  rove(rows, ".row");
  const drawn = element("div", { class: "drawn" }, lifelines(paper), rows);
  const sheet = element("div", { class: "sheet" }, hosts(transfer, paper), drawn);
  sheet.style.width = `calc(9.2rem + ${paper.width}px)`;
  const first = rows.querySelector(".row");
  if (first) first.tabIndex = 0;
  return element("div", { class: "ladder", role: "region", "aria-label": "Ladder diagram" }, sheet);
}

function paperFor(transfer) {
  const count = Math.max(transfer.columns.length, 1);
  const room = byId("case").clientWidth - 210;
  const pins = Math.max(0, ...transfer.arrows.map((arrow) => arrow.pins.length));
  const column = Math.min(Math.max(Math.floor(room / count), NARROWEST), WIDEST);
  const several = new Set(transfer.arrows.map((arrow) => arrow.protocol)).size > 1;
  return { column, count, several, width: column * count + PIN * pins, middle: (at) => at * column + column / 2 };
}

function hosts(transfer, paper) {
  const names = transfer.columns.map((name) => {
    const host = element("div", { class: "host" }, name);
    host.style.flex = `0 0 ${paper.column}px`;
    return host;
  });
  return element("div", { class: "hosts" }, element("div", { class: "corner" }, "frame, seconds"), names);
}

function lifelines(paper) {
  const lines = Array.from({ length: paper.count }, (_, at) =>
    shape("line", { x1: paper.middle(at), x2: paper.middle(at), y1: 0, y2: "100%" }),
  );
  return shape("svg", { class: "lifelines", width: paper.width, "aria-hidden": "true" }, lines);
}

function rowsOf(arrow, transfer, paper) {
  const row = element("li", {}, messageRow(arrow, transfer, paper));
  if (!arrow.silence) return [row];
  const gutter = element("span", { class: "gutter" }, `${arrow.silence.toFixed(1)} s`);
  const silence = element("li", { class: "silence", "aria-label": `${arrow.silence.toFixed(1)} seconds of silence` });
  silence.append(gutter, element("span", { class: "rest" }));
  return [silence, row];
}

function messageRow(arrow, transfer, paper) {
  const gutter = element(
    "span",
    { class: "gutter" },
    element("span", { class: "number" }, `${arrow.frame}`),
    element("span", { class: "at" }, arrow.time.toFixed(3)),
  );
  const row = element(
    "button",
    {
      type: "button",
      class: arrow.transfer ? "row transfer" : "row",
      tabindex: -1,
      "aria-pressed": "false",
      "aria-label": spoken(arrow, transfer),
      "data-at": arrow.at,
      on: { click: () => openMessage(arrow.at), focus: () => followFocus(arrow.at) },
    },
    gutter,
    drawnArrow(arrow, transfer, paper),
  );
  return inLegColour(row, arrow.leg);
}

function spoken(arrow, transfer) {
  const way = `${transfer.columns[arrow.from]} to ${transfer.columns[arrow.to]}`;
  const findings = arrow.pins.length ? `, ${counted(arrow.pins.length, "finding")}` : "";
  return `${arrow.time.toFixed(3)} seconds, ${arrow.label}, ${way}, frame ${arrow.frame}${findings}`;
}

function drawnArrow(arrow, transfer, paper) {
  const from = paper.middle(arrow.from);
  const to = paper.middle(arrow.to);
  const label = shape("text", { class: "label", x: (from + to) / 2, y: 16 }, labelOf(arrow, paper));
  const line = from === to ? loop(from) : shaft(from, to);
  if (from === to) label.setAttribute("x", from + 90);
  const pins = arrow.pins.map((number, at) => pin(number, transfer, Math.max(from, to) + 13 + at * PIN));
  const size = { width: paper.width, height: ROW_HEIGHT, "aria-hidden": "true" };
  return shape("svg", size, line, label, pins);
}

function labelOf(arrow, paper) {
  const title = arrow.label.length > LONGEST_LABEL ? `${arrow.label.slice(0, LONGEST_LABEL)}…` : arrow.label;
  const protocol = shape("tspan", { class: "protocol" }, `${arrow.protocol} `);
  return paper.several ? [protocol, title] : [title];
}

function shaft(from, to) {
  const back = to > from ? -HEAD : HEAD;
  const line = shape("line", { class: "shaft", x1: from, x2: to + back / 2, y1: 24, y2: 24 });
  const head = shape("path", { class: "head", d: `M${to} 24L${to + back} 18.5V29.5Z` });
  return [line, head];
}

function loop(at) {
  const line = shape("path", { class: "shaft", d: `M${at} 12H${at + 34}V25H${at + HEAD}` });
  return [line, shape("path", { class: "head", d: `M${at} 25L${at + HEAD} 19.5V30.5Z` })];
}

function pin(number, transfer, x) {
  const finding = transfer.findings[number - 1];
  const circle = shape("circle", { cx: x, cy: 24, r: 8.5 });
  const text = shape("text", { x, y: 27.8 }, `${number}`);
  return shape("g", { class: `pin ${finding.severity}` }, circle, text);
}
