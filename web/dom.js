// Building and changing elements. Text goes in as text only: there is no way here to make
// markup from a string, since names and notes come from strangers.

/** Makes an element: `props` sets attributes, `children` are elements or strings. */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
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

/** Makes a bar of one or more coloured parts; returns it and a function that sizes the parts. */
export function bar(...tones) {
  const parts = tones.map((tone) => el("span", { class: `part ${tone}` }));
  const element = el("span", { class: "bar", "aria-hidden": "true" }, ...parts);
  const size = (fractions) => fractions.forEach((fraction, index) => {
    const percent = 100 * Math.min(1, Math.max(0, fraction || 0));
    parts[index].style.setProperty("--size", `${percent.toFixed(1)}%`);
  });
  return { element, size };
}

/** Fills `holder` with a block of code that can be copied; returns a function that sets it. */
export function snippet(holder, name) {
  const code = el("code");
  const button = el("button", { type: "button", "aria-label": `Copy ${name}` }, "Copy");
  const block = el("pre", { tabindex: "0" }, code);
  button.addEventListener("click", async () => {
    const done = await copy(code.textContent);
    if (!done) getSelection().selectAllChildren(code);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  holder.append(block, button);
  return (text) => setText(code, text);
}

/** Copies `text`; resolves to whether it worked. */
async function copy(text) {
  // Browsers hide the clipboard from pages that came over plain http from another host.
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
