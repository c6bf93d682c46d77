// Where the page stands is in its address: #3 is the third transfer, #3.17 its message in frame 17.

function goTo(number) {
  location.hash = `#${number}`;
}

function remember(frame) {
  const place = frame === null ? `#${shown.number}` : `#${shown.number}.${frame}`;
  if (location.hash !== place) history.replaceState(null, "", place);
}

function placeAskedFor() {
  const [number, frame] = location.hash.slice(1).split(".").map((part) => Number.parseInt(part, 10));
  const there = number >= 1 && number <= report.transfers.length;
  return there ? { number, frame } : { number: 1, frame: undefined };
}

async function follow() {
  const { number, frame } = placeAskedFor();
  if (number !== shown.number) {
    const transfer = await unpacked(number);
    if (placeAskedFor().number !== number) return;
    showTransfer(number, transfer);
  }
  if (frame) showFrame(frame);
}

function summary() {
  const totals = SEVERITIES.map((severity) => [severity, report.totals[severity]]).filter(([, count]) => count);
  const parts = [counted(report.packets, "packet"), counted(report.transfers.length, "transfer")];
  parts.push(...totals.map(([severity, count]) => counted(count, severity)));
  byId("summary").textContent = parts.join(", ");
}

function start() {
  summary();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !byId("message").hidden) closeMessage();
  });
  if (!report.transfers.length) {
    byId("case").replaceChildren(element("h2", {}, "No transfer found"), ...recordingPart());
    return;
  }
  showIndex();
  window.addEventListener("hashchange", follow);
  new ResizeObserver(fitLadder).observe(byId("case"));
  follow();
}

start();
