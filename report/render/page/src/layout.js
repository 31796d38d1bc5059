// layout places the picture's parts: the lanes of so many pods, and per stream its
// rate and its latency, one under the other.

const margin = { left: 190, right: 24 };
const title = 26;
const part = 96;
// Lanes share a screen's height, as far as they stay thick enough to see.
const most = 900;

export function layout(picture, pods, width) {
  const left = width < 700 ? 90 : margin.left;
  const lanes = pods + 1; // the last one is for those without a pod
  const lane = Math.max(6, Math.min(26, most / lanes));
  const shown = Math.min(1, most / (lane * lanes));
  let top = title;
  const grids = [{ left, right: margin.right, top, height: lane * lanes * shown }];
  top += lane * lanes * shown + 30;
  for (let i = 0; i < 2 * picture.streams.length; i++) {
    top += title;
    grids.push({ left, right: margin.right, top, height: part });
    top += part + 14;
  }
  return { grids, lane, shown, left, height: top + 60 };
}
