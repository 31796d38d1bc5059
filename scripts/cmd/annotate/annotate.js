// Called on the page's chart (an instance of ECharts): puts a numbered circle
// beside each thing that docs/reading.md explains, in the order of its list, and
// a thin line from the circle to the thing. Every place is asked of the page: of
// an element, or of the chart. The circles go where there is nothing to cover.
// A thing that the report need not have is left out, and its number with it. Gives the height at
// which the page is best cut in two, and the numbers that are left out.
async function () {
  const chart = this;
  const radius = 14;
  const ink = "#7a0bc0";

  // Room beside the text. The chart follows the page's width.
  document.body.style.paddingInline = "3rem 2.5rem";
  await new Promise((done) => setTimeout(done, 500));

  const fail = (what) => { throw new Error(`the page has no ${what}`); };
  const rect = (left, top, right, bottom) => ({ left: left + scrollX, top: top + scrollY, right: right + scrollX, bottom: bottom + scrollY });
  const boxOf = (node) => { const b = node.getBoundingClientRect(); return rect(b.left, b.top, b.right, b.bottom); };
  const element = (selector) => document.querySelector(selector) ?? fail(`element ${selector}`);
  // The text of an element, which may be narrower than the element.
  const words = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return boxOf(range);
  };
  // The head of a column of the table that follows a heading. Where the table is
  // wider than the page, some have to be scrolled to.
  const column = (heading, name) => {
    const table = element(`#${heading} + .wide`);
    const head = [...table.querySelectorAll("thead th")].find((th) => th.textContent === name) ?? fail(`column ${name}`);
    return boxOf(head).right <= boxOf(table).right + 1 ? head : fail(`column ${name} in sight`);
  };
  const inSection = (heading, selector) => element(`section[aria-labelledby="${heading}"] ${selector}`);
  const ifAny = (heading, selector, place) => {
    const node = document.querySelector(`section[aria-labelledby="${heading}"] ${selector}`);
    return node === null ? undefined : place(node);
  };

  // The chart's own places. Part 0 has the lanes, the others are the streams'.
  const ground = boxOf(document.getElementById("chart"));
  const at = (part, x, y) => {
    const [px, py] = chart.convertToPixel({ gridIndex: part }, [x, y]);
    return [ground.left + px, ground.top + py];
  };
  const option = chart.getOption();
  const series = (id) => option.series.find((s) => s.id === id) ?? fail(`series ${id}`);
  const laneHeight = Math.abs(at(0, 0, 1)[1] - at(0, 0, 0)[1]);
  const bar = (part, from, to, lane) => {
    const [left, y] = at(part, from, lane);
    const [right] = at(part, to, lane);
    return { left, top: y - laneHeight * 0.32, right: Math.max(right, left + 2), bottom: y + laneHeight * 0.18 };
  };
  const pieces = (lane, kind) => series("lanes").data.filter((d) => d.value[0] === lane && (kind === undefined ? d.kind !== "slice" : d.kind === kind));
  // The lane to explain: a pod that came and went under our eyes, or at least went.
  const { picture } = window.shutdowncheck;
  const candidates = picture.lanes.map((_, i) => i).filter((i) => picture.lanes[i].ends.length > 0 && pieces(i, "ready").length > 0);
  const marks = (lane) => picture.marks.lane.filter((l) => l === lane).length;
  const lost = candidates.toSorted((a, b) => marks(b) - marks(a))[0] ?? fail("pod that ended");
  const life = candidates.filter((i) => picture.lanes[i].new && i !== lost).toSorted((a, b) => marks(a) - marks(b))[0] ?? candidates.find((i) => i !== lost) ?? lost;
  const [ready] = pieces(life, "ready");
  const between = (piece, share) => piece.value[1] + (piece.value[2] - piece.value[1]) * share;
  const slice = pieces(life, "slice").at(-1);
  const dying = pieces(life).filter((d) => ["prestop", "sigterm", "exited"].includes(d.kind));
  const band = picture.disruptions[0] ?? fail("disruption");
  const peak = (id) => series(id).data.reduce((best, d) => (d[1] > best[1] ? d : best));
  const dot = (part, x, y, reach) => { const [px, py] = at(part, x, y); return { left: px - reach, top: py - reach, right: px + reach, bottom: py + reach }; };
  const lastMark = picture.marks.lane.lastIndexOf(lost);
  if (lastMark < 0) fail("mark of a failed request");
  const bandFoot = () => {
    const [left, foot] = at(0, band.from, picture.lanes.length);
    return { left, top: foot - laneHeight, right: at(0, band.to, 0)[0], bottom: foot + laneHeight / 2 };
  };

  // Where the line ends that tells of the EndpointSlice, under the lane's bar.
  const sliceEnd = () => {
    const [x, y] = at(0, slice.value[2], life);
    return { left: x - laneHeight / 3, top: y + laneHeight * 0.22, right: x, bottom: y + laneHeight * 0.36 };
  };

  // What is numbered, in the order of the list in docs/reading.md.
  const things = [
    words(element("header .verdict")),
    words(element("header li")),
    words(inSection("answer", "li")),
    bar(0, between(ready, 0.3), between(ready, 0.7), life),
    bar(0, dying[0]?.value[1] ?? fail("end of a pod"), dying.at(-1).value[2], life),
    sliceEnd(),
    dot(0, picture.marks.sent[lastMark] / 1e4, lost, 5),
    bandFoot(),
    dot(1, ...peak("0-failed"), 4),
    dot(2, ...peak("0-p99"), 4),
    words(column("traffic", "failed")),
    words(column("traffic", "shortest outage it can see")),
    words(inSection("findings", "article h3")),
    words(inSection("findings", "article strong")),
    // The patch: there is none where no field of the workload mends what was found.
    ifAny("findings", "article pre", words),
    words(column("terminations", "drain")),
    words(column("terminations", "grace left")),
    words(inSection("validity", "li")),
  ];

  // What must not be covered: texts, buttons, and what is drawn; frames had better
  // not be.
  const covers = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (walker.currentNode.data.trim() === "") continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    for (const b of range.getClientRects()) covers.push(rect(b.left, b.top, b.right, b.bottom));
  }
  for (const node of document.querySelectorAll("button, .legend i")) covers.push(boxOf(node));
  const frames = [...document.querySelectorAll("header, article, .patch, tr")].map(boxOf);
  const onFrame = (x, y, b) => within(x, y, b, radius + 1) && !within(x, y, b, -radius - 1);
  const canvas = element("#chart canvas");
  const scale = canvas.width / canvas.clientWidth;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const drawn = (x, y) => {
    const px = Math.round((x - ground.left) * scale);
    const py = Math.round((y - ground.top) * scale);
    if (px < 0 || py < 0 || px >= canvas.width || py >= canvas.height) return false;
    return pixels.data[4 * (py * canvas.width + px) + 3] > 130;
  };
  const within = (x, y, b, pad) => x > b.left - pad && x < b.right + pad && y > b.top - pad && y < b.bottom + pad;
  const placed = [];
  const covered = (x, y) => {
    let sum = 0;
    for (const b of covers) if (within(x, y, b, radius + 3)) sum += 40;
    for (const b of frames) if (onFrame(x, y, b)) sum += 8;
    for (const b of things) if (b !== undefined && within(x, y, b, radius + 3)) sum += 200;
    for (const p of placed) if (Math.hypot(p.x - x, p.y - y) < 2 * radius + 6) sum += 200;
    for (let dx = -radius - 1; dx <= radius + 1; dx += 2) {
      for (let dy = -radius - 1; dy <= radius + 1; dy += 2) if (drawn(x + dx, y + dy)) sum += 4;
    }
    return sum;
  };
  const crossed = (x, y, to, own) => {
    let sum = 0;
    const steps = Math.ceil(Math.hypot(to.x - x, to.y - y) / 3);
    for (let i = 0; i < steps; i++) {
      const px = x + ((to.x - x) * i) / steps;
      const py = y + ((to.y - y) * i) / steps;
      if (within(px, py, own, 1)) continue;
      if (covers.some((b) => within(px, py, b, 1)) || drawn(px, py)) sum += 2;
      if (placed.some((p) => Math.hypot(p.x - px, p.y - py) < radius + 3)) sum += 30;
    }
    return sum;
  };
  const nearest = (x, y, b) => ({ x: Math.min(Math.max(x, b.left), b.right), y: Math.min(Math.max(y, b.top), b.bottom) });

  const wide = document.documentElement.clientWidth;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const add = (name, attributes, text) => {
    const node = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    svg.append(node);
  };
  const leftOut = [];
  things.forEach((thing, i) => {
    if (thing === undefined) {
      leftOut.push(i + 1);
      return;
    }
    const spots = [];
    // In the chart things are small, and need a line that can be seen.
    const near = radius + (within(thing.left, thing.top, ground, 0) ? 18 : 9);
    for (let away = near; away <= 130; away += 4) {
      for (let turn = 0; turn < 360; turn += 15) {
        const [dx, dy] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
        const x = (dx > 0.3 ? thing.right : dx < -0.3 ? thing.left : (thing.left + thing.right) / 2) + dx * away;
        const y = (dy > 0.3 ? thing.bottom : dy < -0.3 ? thing.top : (thing.top + thing.bottom) / 2) + dy * away;
        if (x < radius + 4 || x > wide - radius - 4 || y < radius + 4) continue;
        const to = nearest(x, y, thing);
        spots.push({ x, y, to, cost: away / 4 + covered(x, y) + crossed(x, y, to, thing) });
      }
    }
    const best = spots.reduce((a, b) => (b.cost < a.cost ? b : a));
    placed.push(best);
    const length = Math.hypot(best.to.x - best.x, best.to.y - best.y);
    const start = { x: best.x + ((best.to.x - best.x) * radius) / length, y: best.y + ((best.to.y - best.y) * radius) / length };
    const line = { x1: start.x, y1: start.y, x2: best.to.x, y2: best.to.y };
    add("line", { ...line, stroke: "#ffffff", "stroke-width": 4 });
    add("line", { ...line, stroke: ink, "stroke-width": 1.5 });
    add("circle", { cx: best.to.x, cy: best.to.y, r: 2.5, fill: ink });
    add("circle", { cx: best.x, cy: best.y, r: radius, fill: ink, stroke: "#ffffff", "stroke-width": 2 });
    add("text", { x: best.x, y: best.y + 6, fill: "#ffffff", "text-anchor": "middle", "font-family": "system-ui, sans-serif", "font-size": 17, "font-weight": "bold" }, i + 1);
  });
  const tall = document.documentElement.scrollHeight;
  Object.assign(svg.style, { position: "absolute", left: 0, top: 0, width: `${wide}px`, height: `${tall}px`, pointerEvents: "none", zIndex: 1000 });
  document.body.append(svg);
  return { cut: element("#traffic").getBoundingClientRect().top + scrollY - 2 * radius, leftOut };
}
