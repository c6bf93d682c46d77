// What the page was made with: the report's index is small and read at once, each transfer is unpacked when shown.

const report = JSON.parse(byId("report").textContent);
const SEVERITIES = ["error", "warning", "note"];

async function unpacked(number) {
  const packed = Uint8Array.from(atob(byId(`transfer-${number}`).textContent), (each) => each.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

function counted(count, thing) {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function outcomeOf(entry) {
  return [entry.outcome, entry.status, entry.error].filter((part) => part !== null && part !== "").join(" ");
}
