// The panel with one whole message, and what was found about it.

const COMPACT = {
  a: "accept-contact", b: "referred-by", c: "content-type", e: "content-encoding", f: "from", i: "call-id",
  k: "supported", l: "content-length", m: "contact", o: "event", r: "refer-to", s: "subject", t: "to",
  u: "allow-events", v: "via", x: "session-expires",
};
const OF_TRANSFERS = new Set([
  "refer-to", "referred-by", "replaces", "target-dialog", "refer-sub", "event", "subscription-state", "also",
]);

function openMessage(at) {
  const arrow = shown.transfer.arrows[at];
  const panel = byId("message");
  const top = element(
    "div",
    { class: "top" },
    element("h2", {}, arrow.title),
    element("button", { type: "button", class: "close", "aria-label": "Close", on: { click: closeMessage } }, "×"),
  );
  const findings = arrow.pins.map((number) => findingItem(number, shown.transfer, false));
  const list = findings.length ? element("ol", { class: "findings" }, findings) : null;
  panel.replaceChildren(top, messageFacts(arrow), ...(list ? [list] : []), messageText(arrow));
  inLegColour(panel, arrow.leg).hidden = false;
  press(at);
  remember(arrow.frame);
}

function followFocus(at) {
  if (!byId("message").hidden) openMessage(at);
}

function closeMessage() {
  byId("message").hidden = true;
  const row = document.querySelector('.row[aria-pressed="true"]');
  press(null);
  remember(null);
  if (row) row.focus();
}

function press(at) {
  for (const row of document.querySelectorAll('.row[aria-pressed="true"]')) row.setAttribute("aria-pressed", "false");
  const row = at === null ? null : document.querySelector(`.row[data-at="${at}"]`);
  if (row === null) return;
  row.setAttribute("aria-pressed", "true");
  reachable(row, row.closest(".rows"), ".row");
  row.querySelector(".shaft").scrollIntoView({ block: "nearest", inline: "nearest" });
}

function messageFacts(arrow) {
  const leg = arrow.leg === null ? null : shown.transfer.legs[arrow.leg];
  return facts([
    ["frame", `${arrow.frame}, ${arrow.clock}`],
    ["way", `${arrow.source} → ${arrow.destination}, ${arrow.protocol}`],
    ["leg", leg ? legName(arrow.leg, leg) : "none of this transfer"],
  ]);
}

function messageText(arrow) {
  const text = element("pre", { tabindex: 0, "aria-label": "Whole message" });
  if (arrow.protocol === "sip") text.append(...sipLines(arrow));
  else text.textContent = arrow.text;
  return text;
}

function sipLines(arrow) {
  const [first, ...lines] = arrow.text.split(/\r?\n/);
  const end = lines.indexOf("");
  const head = end < 0 ? lines : lines.slice(0, end);
  const body = end < 0 ? [] : lines.slice(end);
  const blamed = blamedHeaders(arrow);
  return [
    element("span", { class: "start" }, `${first}\n`),
    ...head.map((line) => headerLine(line, blamed)),
    body.map((line) => `${line}\n`).join(""),
  ];
}

function blamedHeaders(arrow) {
  const found = arrow.pins.map((number) => shown.transfer.findings[number - 1]).filter((finding) => finding.header);
  return new Map(found.reverse().map((finding) => [finding.header.toLowerCase(), finding.severity]));
}

function headerLine(line, blamed) {
  const colon = line.indexOf(":");
  if (colon < 1 || /^\s/.test(line)) return `${line}\n`;
  const written = line.slice(0, colon).trim().toLowerCase();
  const name = COMPACT[written] || written;
  const parts = [element("span", { class: "name" }, line.slice(0, colon)), `${line.slice(colon)}\n`];
  const severity = blamed.get(name);
  const marked = severity !== undefined || OF_TRANSFERS.has(name);
  return marked ? element("mark", { class: severity || "" }, parts) : element("span", {}, parts);
}
