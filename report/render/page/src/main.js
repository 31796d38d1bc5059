// The script of the report's page: it draws the picture and ties the findings to
// their marks. All that it says comes from the page itself.

import { Chart } from "./chart.js";
import { unpack } from "./picture.js";
import { copyButtons } from "./copy.js";
import { laneButtons } from "./lanes.js";
import { senderChoice } from "./senders.js";

copyButtons(document);

const data = document.getElementById("data");
const place = document.getElementById("chart");
const told = document.getElementById("told");

unpack(data.dataset.packed).then((picture) => {
  const chart = new Chart(place, picture, (text) => { told.textContent = text; });
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => chart.act(button.dataset.do));
  }
  laneButtons(document, picture, chart);
  senderChoice(document, picture, chart);
  const keys = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "all", Home: "all", n: "next", p: "previous" };
  place.addEventListener("keydown", (event) => {
    const what = keys[event.key];
    if (what && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      chart.act(what);
    }
  });
  const buttons = document.querySelectorAll("[data-finding]");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const chosen = button.getAttribute("aria-pressed") !== "true";
      for (const other of buttons) {
        other.setAttribute("aria-pressed", String(chosen && other === button));
      }
      chart.choose(chosen ? Number(button.dataset.finding) : null);
      if (chosen) {
        place.scrollIntoView({ block: "nearest" });
      }
    });
  }
  // What tests, and curious people, may ask.
  window.shutdowncheck = { picture, chart, drawn: performance.now() };
}).catch((problem) => {
  told.textContent = `The picture could not be drawn: ${problem.message}`;
  throw problem;
});
