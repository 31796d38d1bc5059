// From more pods than these on, only those that are concerned have a lane at first.
export const many = 20;

// concerned are the numbers of the lanes of pods that ended, in part or as a whole,
// or may explain a failed request.
export function concerned(picture) {
  return picture.lanes.flatMap((lane, i) => (lane.lost || lane.ends.length > 0 ? [i] : []));
}

// laneButtons let people choose which pods have a lane, where there is a choice.
export function laneButtons(root, picture, chart) {
  const some = concerned(picture).length;
  const all = picture.lanes.length;
  if (some === 0 || some === all) return;
  const group = root.getElementById("lanes");
  const buttons = group.querySelectorAll("[data-lanes]");
  const hidden = root.getElementById("hidden-lanes");
  const show = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(chart.narrow === (button.dataset.lanes === "concerned")));
    hidden.textContent = `${all - some} of ${all} pods are hidden: they neither ended nor lost requests.`;
    hidden.hidden = !chart.narrow;
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      chart.showLanes(button.dataset.lanes === "concerned");
      show();
    });
  }
  group.hidden = false;
  show();
}
