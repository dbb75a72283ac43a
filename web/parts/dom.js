// Building and changing elements. Text goes in as text only: there is no way here to make
// markup from a string, since names and notes come from strangers.

/**
 * Makes an element: `props` sets attributes, or listeners where the value is a function (onclick);
 * null and false leave one out. `children` are elements or strings.
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Sets an element's text, touching the document only when it differs. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute, or removes it when `value` is null; only when it differs. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/** Makes a button with a text. */
export function button(label, onclick, props = {}) {
  return el("button", { type: "button", class: "plain", ...props, onclick }, label);
}

/** Lets `list` have one child for each of `items`: `make()` makes one, `change(child, item)`. */
export function fill(list, items, make, change) {
  while (list.children.length > items.length) list.lastChild.remove();
  items.forEach((item, index) => change(list.children[index] ?? list.appendChild(make()), item));
}
