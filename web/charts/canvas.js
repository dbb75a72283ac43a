// What all charts on a canvas have: sharp lines on any screen, and drawn once before a frame.

/** Makes `canvas` that large, in CSS pixels; returns its context, cleared. */
export function prepared(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  const [w, h] = [width, height].map((size) => Math.max(1, Math.round(size * ratio)));
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  canvas.style.width = `${w / ratio}px`;
  canvas.style.height = `${h / ratio}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Calls `render` before the next frame, however often it is asked for, and when `element` grows. */
export class Drawing {
  constructor(element, render) {
    this.render = render;
    this.watch = new ResizeObserver(() => this.ask());
    this.watch.observe(element);
  }

  ask() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(this.render);
  }

  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
