import * as echarts from "echarts/core";
import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, MarkAreaComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

import { concerned, many } from "./lanes.js";
import { layout } from "./layout.js";
import { clock, rates, segments, story, windows } from "./picture.js";
import { colors, hatch, inks, onChange, shapes } from "./theme.js";

echarts.use([CustomChart, LineChart, ScatterChart, AriaComponent, DataZoomComponent, GridComponent, MarkAreaComponent, TitleComponent, TooltipComponent, CanvasRenderer]);

// From so many marks on they are drawn in bulk, without a shape of their own: ECharts
// fills a small rectangle for each that is under four pixels wide, and traces a path
// for each of the others, which takes half a second for 100,000.
const bulk = 3000;

// tail is the end of a name with room for so many letters: pods of a workload differ
// in their ends.
function tail(name, room) { return name.length > room ? `…${name.slice(1 - room)}` : name; }

// Chart draws a picture into a place of the page.
export class Chart {
  #place;
  #picture;
  #tell;
  #chart;
  #chosen = null;
  #sender = null;
  #at = -1;
  #narrow = false;
  // The numbers of the lanes that are shown, from top to bottom, and the row of each.
  #shown = [];
  #rows = new Map();

  // tell is called with what somebody who cannot see a mark should hear.
  constructor(place, picture, tell) {
    this.#place = place;
    this.#picture = picture;
    this.#tell = tell;
    this.#choose(picture.lanes.length > many && concerned(picture).length > 0);
    this.#chart = echarts.init(place, null, { renderer: "canvas", height: this.#layout().height });
    this.#draw();
    onChange(() => this.#draw());
    new ResizeObserver(() => this.#resize()).observe(place);
  }

  // choose shows the marks of one finding alone, or with null those of all.
  choose(finding) {
    this.#chosen = finding;
    const n = this.#redraw();
    this.#tell(finding === null ? `All ${n} marks are shown.` : `${n} marks are shown: ${this.#picture.findings[finding]}.`);
  }

  // chooseSender shows the marks of one sender's requests alone, or with null those of all.
  chooseSender(sender) {
    this.#sender = sender;
    const n = this.#redraw();
    this.#tell(sender === null ? `The marks of all senders are shown, ${n}.` : `${n} marks are shown: ${this.#picture.senders[sender]}.`);
  }

  // redraw draws the marks that are to be shown, and counts them.
  #redraw() {
    this.#at = -1;
    this.#chart.setOption({ series: this.#marks(colors()) });
    return this.#picture.marks.finding.filter((f, i) => (this.#chosen === null || f === this.#chosen) && this.#sent(i)).length;
  }

  #sent(i) { return this.#sender === null || this.#picture.marks.sender[i] === this.#sender; }

  // narrow tells whether only the pods have a lane that ended or lost requests.
  get narrow() { return this.#narrow; }

  // showLanes shows the lanes of those pods alone, or those of all.
  showLanes(narrow) {
    this.#choose(narrow);
    this.#chart.resize({ height: this.#layout().height });
    this.#draw();
    const hidden = this.#picture.lanes.length - this.#shown.length;
    this.#tell(narrow ? `${this.#shown.length} pods that ended or lost requests are shown, ${hidden} others are hidden.` : `All ${this.#shown.length} pods are shown.`);
  }

  #choose(narrow) {
    this.#narrow = narrow;
    this.#shown = narrow ? concerned(this.#picture) : this.#picture.lanes.map((_, i) => i);
    this.#rows = new Map(this.#shown.map((lane, row) => [lane, row]));
  }

  #layout() { return layout(this.#picture, this.#shown.length, this.#place.clientWidth); }

  // act does what a key or a button stands for.
  act(what) {
    const { from, to } = this.window();
    const span = to - from;
    const move = {
      in: [from + span / 4, to - span / 4],
      out: [from - span / 2, to + span / 2],
      left: [from - span / 4, to - span / 4],
      right: [from + span / 4, to + span / 4],
      all: [this.#first(), this.#picture.end],
    }[what];
    if (move) this.zoom(...move);
    else this.#step(what === "next" ? 1 : -1);
  }

  // zoom shows the time from one second to another, in all parts at once.
  zoom(from, to) {
    const first = this.#first();
    const span = Math.min(to - from, this.#picture.end - first);
    from = Math.max(first, Math.min(from, this.#picture.end - span));
    this.#chart.dispatchAction({ type: "dataZoom", dataZoomIndex: 0, startValue: from, endValue: from + span });
  }

  // window is the time that is shown, in seconds.
  window() {
    const zoom = this.#chart.getOption().dataZoom[0];
    return { from: zoom.startValue, to: zoom.endValue };
  }

  // shown counts what is drawn, for those who want to check it.
  shown() {
    const series = this.#chart.getOption().series;
    const count = (test) => series.filter(test).reduce((sum, s) => sum + s.data.length, 0);
    return {
      names: this.#chart.getOption().yAxis[0].data.slice(0, -1),
      late: count((s) => s.id === "late-lanes"),
      marks: count((s) => s.id.startsWith("finding-") && !s.silent),
      windows: this.#chart.getOption().xAxis.map((_, i) => this.#chart.getModel().getComponent("xAxis", i).axis.scale.getExtent()),
    };
  }

  // at gives the place of a mark in the chart, in pixels.
  at(mark) {
    return this.#chart.convertToPixel({ gridIndex: 0 }, [this.#time(mark), this.#row(mark)]);
  }

  // area gives the place between two seconds of a part of the chart; of the lanes
  // that of the last one, which is no pod's.
  area(part, from, to) {
    const { grids, lane } = this.#layout();
    const [left, right] = [from, to].map((s) => this.#chart.convertToPixel({ xAxisIndex: part }, s));
    const bottom = grids[part].top + grids[part].height;
    return { left, right, top: part === 0 ? bottom - lane : grids[part].top, bottom };
  }

  #first() { return Math.min(0, ...this.#picture.lanes.filter((l) => l.new).map((l) => l.created)); }
  #time(i) { return this.#picture.marks.sent[i] / 1e4; }
  #row(i) { return this.#rows.get(this.#picture.marks.lane[i]) ?? this.#shown.length; }

  #step(by) {
    const m = this.#picture.marks;
    const n = m.finding.length;
    for (let tried = 0; tried < n; tried++) {
      this.#at = (this.#at + by + n) % n;
      if ((this.#chosen === null || m.finding[this.#at] === this.#chosen) && this.#sent(this.#at)) {
        this.#reveal(this.#at);
        return;
      }
    }
    this.#tell("There is no failure to show.");
  }

  #reveal(mark) {
    const { from, to } = this.window();
    const time = this.#time(mark);
    if (time < from || time > to) this.zoom(time - (to - from) / 2, time + (to - from) / 2);
    this.#tell(story(this.#picture, mark).join("; "));
    const [x, y] = this.at(mark);
    this.#chart.dispatchAction({ type: "showTip", x, y });
  }

  // The observer speaks up at once, of the width that was drawn for already.
  #resize() {
    if (this.#place.clientWidth === this.#chart.getWidth()) return;
    this.#chart.resize({ height: this.#layout().height });
    this.#draw();
  }

  #draw() {
    const c = colors();
    const parts = this.#layout();
    const axis = { axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.quiet }, splitLine: { lineStyle: { color: c.line, opacity: 0.5 } } };
    const names = [...this.#shown.map((lane) => this.#picture.lanes[lane].name), "no pod"];
    const titles = ["", ...this.#picture.streams.flatMap((s) => [`${s.name}: requests per second`, `${s.name}: latency in ms`])];
    const all = parts.grids.map((_, i) => i);
    const zoomed = this.#chart.getOption()?.dataZoom?.[0];
    const start = zoomed ? { startValue: zoomed.startValue, endValue: zoomed.endValue } : { startValue: this.#first(), endValue: this.#picture.end };
    this.#chart.setOption({
      animation: false,
      aria: { enabled: true, label: { enabled: false } },
      textStyle: { color: c.text },
      grid: parts.grids,
      title: titles.map((text, i) => ({ text, left: parts.left, top: parts.grids[i].top - 22, textStyle: { fontSize: 12, fontWeight: "normal", color: c.text } })),
      xAxis: all.map((i) => ({
        ...axis, gridIndex: i, type: "value", min: this.#first(), max: this.#picture.end,
        axisLabel: { ...axis.axisLabel, formatter: (s) => `${+s.toFixed(3)} s`, show: i === 0 || i === all.length - 1, showMaxLabel: false }, position: i === 0 ? "top" : "bottom",
      })),
      yAxis: all.map((i) => (i === 0
        ? { ...axis, gridIndex: i, type: "category", data: names, inverse: true, splitLine: { show: false }, axisTick: { show: false }, axisLabel: { ...axis.axisLabel, width: parts.left - 14, overflow: "truncate", formatter: (name) => tail(name, (parts.left - 14) / 7) } }
        : { ...axis, gridIndex: i, type: "value", min: 0, splitNumber: 3 })),
      dataZoom: [
        { id: "time", type: "inside", xAxisIndex: all, filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: true, ...start },
        { id: "bar", type: "slider", xAxisIndex: all, filterMode: "none", showDataShadow: false, brushSelect: false, bottom: 8, height: 24, labelFormatter: (s) => `${s.toFixed(1)} s`, textStyle: { color: c.quiet } },
        ...(parts.shown < 1 ? [{ id: "pods", type: "slider", yAxisIndex: 0, filterMode: "none", right: 2, width: 14, startValue: 0, endValue: Math.floor(names.length * parts.shown) - 1, showDetail: false }] : []),
      ],
      tooltip: { trigger: "item", confine: true, backgroundColor: c.panel, borderColor: c.line, textStyle: { color: c.text, fontSize: 12 }, formatter: (p) => this.#tip(p) },
      series: [...this.#late(c), this.#lanes(c, parts), ...this.#marks(c), ...this.#streams(c)],
    }, { replaceMerge: ["series", "dataZoom"] });
  }

  // Text nodes: nothing that a tip says can become markup.
  #tip(p) {
    const span = (from, to) => `${clock(this.#picture, from)} to ${clock(this.#picture, to)}`;
    const pod = (lane) => lane.name + (lane.node ? ` on ${lane.node}` : "");
    const lines = p.seriesId === "lanes" ? [pod(this.#picture.lanes[this.#shown[p.value[0]]]), p.data.words, span(p.value[1], p.value[2])]
      : p.seriesId.startsWith("finding-") ? story(this.#picture, p.value[2])
      : p.seriesId.startsWith("late-") ? [...p.data.words.split("; "), span(p.value[0], p.value[1])]
        : [`${p.seriesName}: ${+p.value[1].toFixed(2)}`, `around ${clock(this.#picture, p.value[0])}`];
    const box = document.createElement("div");
    for (const line of lines) box.append(Object.assign(document.createElement("div"), { textContent: line }));
    return box;
  }

  #lanes(c, parts) {
    const data = [];
    this.#shown.forEach((number, i) => {
      const lane = this.#picture.lanes[number];
      for (const s of segments(lane, this.#picture.end)) data.push({ value: [i, s.from, s.to, 0], kind: s.kind, words: s.words });
      for (const [from, to] of lane.slice) data.push({ value: [i, from, to, 1], kind: "slice", words: "in the EndpointSlice, ready" });
      for (const w of windows(lane)) data.push({ value: [i, w.from, w.to, 2], kind: "window", words: "ending, answers on its own address" });
    });
    return {
      id: "lanes", type: "custom", xAxisIndex: 0, yAxisIndex: 0, z: 3, encode: { x: [1, 2], y: 0 }, data, clip: true,
      renderItem: (params, api) => {
        const [x, y] = api.coord([api.value(1), api.value(0)]);
        const [to] = api.coord([api.value(2), api.value(0)]);
        const [down, height] = [[0, 0.5], [0.54, 0.14], [0.71, 0.09]][api.value(3)];
        const shape = echarts.graphic.clipRectByRect(
          { x, y: y + parts.lane * (down - 0.32), width: Math.max(1, to - x), height: parts.lane * height },
          params.coordSys);
        return shape && { type: "rect", shape, style: { fill: c[data[params.dataIndex].kind] } };
      },
      markArea: {
        silent: true, itemStyle: { color: c.band, opacity: 0.16 }, label: { color: c.text, position: "insideBottomLeft", fontSize: 11 },
        data: this.#picture.disruptions.map((d) => [{ name: d.kind, xAxis: d.from }, { xAxis: d.to }]),
      },
    };
  }

  // Times in which the load was late: of any stream behind the lanes, and each
  // stream's own behind its rate and its latency.
  #late(c) {
    const fill = hatch(c.late);
    const behind = (id, part, bands) => ({
      id: `late-${id}`, type: "custom", xAxisIndex: part, yAxisIndex: part, z: 2, encode: { x: [0, 1], y: -1 }, clip: true,
      data: bands.map((b) => ({ value: [b.from, b.to], words: b.words })),
      renderItem: ({ coordSys }, api) => {
        const [x] = api.coord([api.value(0), 0]);
        const [to] = api.coord([api.value(1), 0]);
        const shape = echarts.graphic.clipRectByRect({ x, y: coordSys.y, width: Math.max(2, to - x), height: coordSys.height }, coordSys);
        return shape && { type: "rect", shape, style: { fill } };
      },
    });
    return [behind("lanes", 0, this.#picture.late), ...this.#picture.streams.flatMap((s, i) => [
      behind(`${i}-rate`, 1 + 2 * i, s.late), behind(`${i}-latency`, 2 + 2 * i, s.late),
    ])];
  }

  // One series per finding: shapes and colours tell them apart, and one can be
  // shown alone.
  #marks(c) {
    const m = this.#picture.marks;
    const data = this.#picture.findings.map(() => []);
    m.finding.forEach((finding, i) => { if (this.#sent(i)) data[finding].push([this.#time(i), this.#row(i), i]); });
    const many = m.finding.length > bulk;
    return this.#picture.findings.map((name, f) => {
      const hidden = this.#chosen !== null && this.#chosen !== f;
      return {
        id: `finding-${f}`, name, type: "scatter", xAxisIndex: 0, yAxisIndex: 0, data: data[f], z: 5, silent: hidden,
        large: many, largeThreshold: bulk, symbol: shapes[f % shapes.length], symbolSize: many ? 3 : 10,
        itemStyle: { color: inks[f % inks.length], borderColor: c.ground, borderWidth: many ? 0 : 1, opacity: hidden ? 0 : 1 },
      };
    });
  }

  #streams(c) {
    return this.#picture.streams.flatMap((s, i) => {
      const rate = { type: "line", xAxisIndex: 1 + 2 * i, yAxisIndex: 1 + 2 * i, symbolSize: 3, step: "middle" };
      const latency = { type: "line", xAxisIndex: 2 + 2 * i, yAxisIndex: 2 + 2 * i, symbolSize: 3 };
      const line = (color, type) => ({ itemStyle: { color }, lineStyle: { color, type, width: 1.5 } });
      const ms = (values) => values.map((v, k) => [(k + 0.5) * s.step, v]);
      return [
        { ...rate, ...line(c.ok, "solid"), id: `${i}-ok`, name: "ok", data: rates(s, s.ok) },
        { ...rate, ...line(c.lost, "solid"), id: `${i}-failed`, name: "failed", data: rates(s, s.failed), areaStyle: { color: c.lost, opacity: 0.3 } },
        { ...rate, ...line(c.maskable, "dashed"), id: `${i}-maskable`, name: "maskable", data: rates(s, s.maskable) },
        { ...latency, ...line(c.slice, "solid"), id: `${i}-p50`, name: "p50", data: ms(s.p50) },
        { ...latency, ...line(c.accent, "dashed"), id: `${i}-p99`, name: "p99", data: ms(s.p99) },
        { ...latency, ...line(c.quiet, "dotted"), id: `${i}-max`, name: "max", data: ms(s.max) },
      ];
    });
  }
}
