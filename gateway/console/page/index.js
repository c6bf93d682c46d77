// The list of transfers: as many rows as are looked at, more as one scrolls.

const ROWS_AT_ONCE = 200;

const index = { found: [], drawn: 0, words: new Map() };

function showIndex() {
  byId("index").hidden = report.transfers.length < 2;
  byId("filter").addEventListener("input", filterIndex);
  byId("severity").addEventListener("change", filterIndex);
  document.querySelector("#index form").addEventListener("submit", (event) => event.preventDefault());
  byId("transfers").addEventListener("scroll", drawOnScroll, { passive: true });
  rove(byId("transfers"), "button");
  filterIndex();
}

function filterIndex() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const severities = SEVERITIES.slice(0, SEVERITIES.indexOf(byId("severity").value) + 1);
  index.found = report.transfers.filter(
    (entry) =>
      (!severities.length || severities.some((severity) => entry.findings[severity])) &&
      words.every((word) => wordsOf(entry).includes(word)),
  );
  index.drawn = 0;
  byId("transfers").replaceChildren();
  byId("shown").textContent = `${index.found.length} of ${counted(report.transfers.length, "transfer")}`;
  drawMore();
}

function wordsOf(entry) {
  if (!index.words.has(entry.number)) {
    const said = [entry.number, entry.kind, outcomeOf(entry), entry.transferor, entry.transferee, entry.target];
    index.words.set(entry.number, said.join(" ").toLowerCase());
  }
  return index.words.get(entry.number);
}

function drawMore() {
  const more = index.found.slice(index.drawn, index.drawn + ROWS_AT_ONCE);
  index.drawn += more.length;
  byId("transfers").append(...more.map(indexRow));
  markCurrent();
}

function drawOnScroll() {
  const list = byId("transfers");
  const near = list.scrollTop + 2 * list.clientHeight > list.scrollHeight;
  if (near && index.drawn < index.found.length) drawMore();
}

function indexRow(entry) {
  const badges = SEVERITIES.filter((severity) => entry.findings[severity]).map((severity) =>
    badge(severity, entry.findings[severity]),
  );
  const button = element(
    "button",
    { type: "button", "data-number": entry.number, tabindex: -1, on: { click: () => goTo(entry.number) } },
    element("span", { class: "number" }, `${entry.number}`),
    element("span", {}, `${entry.kind}, `, element("span", { class: entry.outcome }, outcomeOf(entry))),
    element("span", {}, badges),
    element("span", { class: "target" }, entry.target || "target unknown"),
  );
  return element("li", {}, button);
}

function markCurrent() {
  const list = byId("transfers");
  for (const before of list.querySelectorAll("[aria-current]")) before.removeAttribute("aria-current");
  const current = list.querySelector(`[data-number="${shown.number}"]`) || list.querySelector("button");
  if (current === null) return;
  if (current.dataset.number === String(shown.number)) current.setAttribute("aria-current", "true");
  reachable(current, list, "button");
}
