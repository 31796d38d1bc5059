// colors reads the colours of the style sheet, so that light, dark and print have
// one source.
export function colors() {
  const style = getComputedStyle(document.documentElement);
  return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
}

// onChange calls back whenever the colours may have changed.
export function onChange(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", redraw);
  addEventListener("afterprint", redraw);
}

// Shapes keep findings apart where colours do not.
export const shapes = ["diamond", "triangle", "rect", "circle", "pin", "arrow", "roundRect"];
export const inks = ["#cc3377", "#5b3fd1", "#8a6d00", "#00798c", "#a61c00", "#3d5a00", "#444444"];

// hatch fills a time in which the load was late: lines tell it from a disruption
// where colours do not.
export function hatch(color) {
  const size = 8;
  const image = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = image.getContext("2d");
  pen.strokeStyle = color;
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.5;
  for (const x of [-size, 0, size]) {
    pen.moveTo(x, size);
    pen.lineTo(x + size, 0);
  }
  pen.stroke();
  return { image, repeat: "repeat" };
}
