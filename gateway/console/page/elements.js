// Elements are made with text nodes only: nothing that a message says is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const shape = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const byId = (id) => document.getElementById(id);
const badge = (severity, text) => element("span", { class: `badge ${severity}`, title: severity }, String(text));

function inLegColour(node, leg) {
  node.style.setProperty("--leg", `var(--leg-${leg === null ? "none" : leg % 8})`);
  return node;
}

// One of several buttons is reached with Tab, the others with the arrow keys, Home and End.
function rove(list, selector) {
  list.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll(selector)];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    focusOn(all[Math.min(Math.max(to, 0), all.length - 1)], list, selector);
  });
}

function focusOn(button, list, selector) {
  reachable(button, list, selector);
  button.focus({ preventScroll: true });
  button.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function reachable(button, list, selector) {
  for (const other of list.querySelectorAll(`${selector}[tabindex="0"]`)) other.tabIndex = -1;
  button.tabIndex = 0;
}
