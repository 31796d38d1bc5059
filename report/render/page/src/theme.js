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
