// Small tools for the page. Text from elsewhere only ever becomes text, never markup.

import { t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Makes an element: properties, `data` for its dataset, `aria` for its attributes, then its children. */
export function make(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(name === "role" ? name : `aria-${name}`, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** One of the icons that the page carries. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function svg(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Writes text only where it is another one, so that screen readers and selections are left in peace. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts children into the order wanted without touching those that stand right: focus and scrolling stay. */
export function order(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}

// ---- saying things

let said = "";

/** Says something to screen readers; what comes within a moment is said together. */
export function announce(sentence) {
  if (!said) {
    setTimeout(() => {
      find("#live").textContent = said;
      said = "";
    }, 200);
  }
  said = said ? `${said} ${sentence}` : sentence;
}

let hiding;

/** Says something to everybody: a note that stays a while and can be put away. */
export function tell(sentence, kind = "info") {
  const toast = find("#toast");
  clearTimeout(hiding);
  toast.dataset.kind = kind;
  write(find("p", toast), sentence);
  toast.hidden = false;
  if (kind === "info") hiding = setTimeout(() => (toast.hidden = true), 6000);
}

/** Asks before something that cannot be undone; returns the value of the button pressed, "" for none. */
export function confirm(title, more, choices) {
  const dialog = find("#confirm");
  write(find("h2", dialog), title);
  write(find(".more", dialog), more);
  const buttons = choices.map(([value, label, kind]) => make("button", { value, textContent: label, className: `button ${kind}` }));
  const back = make("button", { value: "", textContent: t("ask.back"), className: "button" });
  find(".choices", dialog).replaceChildren(...buttons, back);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

/** Groups calls: the last one within a moment is made. */
export function debounce(wait, call) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), wait);
  };
}
