// One transfer: facts, legs, findings, ladder and media.

const shown = { number: 0, transfer: null, onlyTransfer: false, width: 0 };

function showTransfer(number, transfer) {
  shown.transfer = transfer;
  shown.transfer.arrows.forEach((arrow, at) => { arrow.at = at; });
  shown.number = number;
  byId("message").hidden = true;
  shown.width = byId("case").clientWidth;
  const entry = report.transfers[number - 1];
  const outcome = element("span", { class: entry.outcome }, outcomeOf(entry));
  byId("case").replaceChildren(
    element("h2", {}, `Transfer ${number}: ${entry.kind}, `, outcome),
    facts(shown.transfer.facts),
    legend(shown.transfer.legs),
    ...findingsPart("Findings", shown.transfer),
    ...ladderPart(),
    ...mediaPart(shown.transfer.media),
    ...recordingPart(),
  );
  byId("case").scrollTop = 0;
  markCurrent();
}

function facts(pairs) {
  return element("dl", {}, pairs.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function legName(at, leg) {
  return `${at + 1} ${leg.role}, ${leg.protocol}: ${leg.calling || "?"} → ${leg.called || "?"}`;
}

function legend(legs) {
  const items = legs.map((leg, at) =>
    inLegColour(
      element("li", { title: `matched by ${leg.matched_by}` }, element("span", { class: "swatch" }), legName(at, leg)),
      at,
    ),
  );
  return element("ul", { class: "legs", "aria-label": "Legs" }, items);
}

function findingsPart(title, transfer) {
  if (!transfer.findings.length) return [element("p", { class: "hint" }, "Nothing found that is worth saying.")];
  const items = transfer.findings.map((_, at) => findingItem(at + 1, transfer, true));
  return [element("h3", {}, title), element("ol", { class: "findings" }, items)];
}

function findingItem(number, transfer, withFrames) {
  const finding = transfer.findings[number - 1];
  const about = [finding.rule, finding.header, finding.clause].filter(Boolean).join(" · ");
  const text = element("div", {}, element("p", { class: "what" }, finding.what));
  if (finding.advice) text.append(element("p", {}, finding.advice));
  const last = element("p", { class: "about" }, element("span", { class: `${finding.severity}-text` }, finding.severity));
  last.append(` · ${about}`);
  if (withFrames && finding.frames.length) last.append(" · frames ", ...frameLinks(finding.frames, transfer));
  text.append(last);
  return element("li", {}, element("span", {}, badge(finding.severity, number)), text);
}

function frameLinks(frames, transfer) {
  return frames.flatMap((frame, at) => {
    const drawn = transfer.arrows && transfer.arrows.some((arrow) => arrow.frame === frame);
    const attributes = { type: "button", class: "frame-link", on: { click: () => showFrame(frame) } };
    return [at ? ", " : "", drawn ? element("button", attributes, `${frame}`) : `${frame}`];
  });
}

function ladderPart() {
  const count = counted(shown.transfer.arrows.length, "message");
  const box = element("input", { type: "checkbox", id: "only-transfer" });
  box.checked = shown.onlyTransfer;
  box.addEventListener("change", () => {
    shown.onlyTransfer = box.checked;
    redrawLadder();
  });
  const choice = element("label", {}, box, " only the transfer's own");
  const tools = element("div", { class: "tools" }, element("h3", {}, "Messages"), element("span", {}, count), choice);
  return [tools, ladderOf(shown.transfer, shown.onlyTransfer)];
}

function redrawLadder() {
  const before = document.querySelector(".ladder");
  const open = before.querySelector('.row[aria-pressed="true"]');
  const focused = before.contains(document.activeElement) ? document.activeElement.dataset.at : null;
  const { scrollTop } = before;
  before.replaceWith(ladderOf(shown.transfer, shown.onlyTransfer));
  document.querySelector(".ladder").scrollTop = scrollTop;
  if (open) press(Number(open.dataset.at));
  const row = focused ? document.querySelector(`.row[data-at="${focused}"]`) : null;
  if (row) row.focus({ preventScroll: true });
}

// Columns are as wide as there is room, which changes with the window and when a message opens beside them.
function fitLadder() {
  const width = byId("case").clientWidth;
  if (Math.abs(width - shown.width) < 16 || !document.querySelector(".ladder")) return;
  shown.width = width;
  redrawLadder();
}

function showFrame(frame) {
  const at = shown.transfer.arrows.findIndex((arrow) => arrow.frame === frame);
  if (at < 0) return;
  if (shown.onlyTransfer && !shown.transfer.arrows[at].transfer) {
    shown.onlyTransfer = byId("only-transfer").checked = false;
    redrawLadder();
  }
  const row = document.querySelector(`.row[data-at="${at}"]`);
  openMessage(at);
  focusOn(row, row.closest(".rows"), ".row");
  row.scrollIntoView({ block: "center" });
}

function mediaPart(media) {
  if (!media.rows.length) return [];
  const head = element("tr", {}, media.head.map((name) => element("th", { scope: "col" }, name)));
  const rows = media.rows.map((row) => element("tr", {}, row.map((cell) => element("td", {}, cell))));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, rows));
  return [element("h3", {}, "Media"), element("div", { class: "wide" }, table)];
}

function recordingPart() {
  const parts = report.findings.length ? findingsPart("Findings of no transfer", report) : [];
  if (!report.problems.length) return parts;
  const lines = report.problems.map(([frame, what]) => element("li", {}, `frame ${frame}: ${what}`));
  const more = report.problem_count - report.problems.length;
  if (more > 0) lines.push(element("li", {}, `and ${more} more`));
  return [...parts, element("h3", {}, "Could not be read"), element("ul", {}, lines)];
}
