// unpack gives the picture (render/picture.go) from its packed form.
export async function unpack(packed) {
  const text = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// segments are the parts of a pod's lane, as {from, to, kind, words}. Moments
// known by bounds are drawn at their middle.
export function segments(lane, end) {
  const middle = (bounds) => (bounds ? (bounds[0] + bounds[1]) / 2 : undefined);
  const death = lane.ends.find((e) => !e.container);
  const began = middle(death?.began) ?? end;
  const parts = [];
  const add = (from, to, kind, words) => {
    from = Math.max(from, Math.min(0, lane.created));
    if (to > from) parts.push({ from, to, kind, words });
  };
  add(Math.max(lane.created, 0), began, "pending", lane.new ? "starting, not ready" : "not ready");
  for (const [from, to] of lane.ready) add(from, Math.min(to, began), "ready", "ready");
  for (const e of lane.ends.filter((e) => e.container && e.exited)) {
    add(middle(e.exited), middle(e.exited) + 0.2, "exited", `a container ended: ${e.words}`);
  }
  if (death) {
    const sigterm = middle(death.sigterm);
    const exited = middle(death.exited);
    const gone = middle(death.gone) ?? end;
    const stopped = exited ?? gone;
    add(began, Math.min(sigterm ?? stopped, stopped), "prestop", `stopping, before SIGTERM; ${death.words}`);
    if (sigterm !== undefined) add(sigterm, stopped, "sigterm", `between SIGTERM and exit; ${death.words}`);
    if (exited !== undefined) add(exited, gone, "exited", `exited, not yet gone; ${death.words}`);
  }
  return parts;
}

// windows are the times in which a pod that was ending answered on its own address, until
// the middle of what is known of the last.
export function windows(lane) {
  return lane.ends.flatMap((e) => (e.began && e.answers ? [{ from: e.began[1], to: (e.answers[0] + e.answers[1]) / 2 }] : [])).filter((w) => w.to > w.from);
}

// rates are a stream's requests per second at the middle of each step. The last
// step ends with the load.
export function rates(stream, counts) {
  return counts.map((n, i) => {
    const span = Math.min(stream.step, Math.max(stream.until - i * stream.step, stream.step / 10));
    return [i * stream.step + span / 2, n / span];
  });
}

// story tells one mark whole, line by line.
export function story(picture, i) {
  const m = picture.marks;
  const word = (index) => m.words[index];
  const pods = word(m.pods[i]);
  const lines = [
    `${picture.findings[m.finding[i]]}`,
    `stream ${picture.streams[m.stream[i]].name}, ${m.served[i] ? `connection ${m.connection[i]}, after ${m.served[i]} requests on it` : `a new connection (${m.connection[i] || "none was made"})`}`,
    `${word(m.class[i])} at ${word(m.phase[i])}${m.status[i] ? `, status ${m.status[i]}` : ""}${m.maskable[i] ? ", maskable" : ""}`,
    `sent ${clock(picture, m.sent[i] / 1e4)}, failed ${m.took[i]} ms later`,
  ];
  if (picture.senders) lines.push(`by ${picture.senders[m.sender[i]]}`);
  if (m.since[i] !== null) lines.push(m.since[i] < 0 ? `${-m.since[i]} ms before SIGTERM` : `${m.since[i]} ms after SIGTERM`);
  if (pods) lines.push(`one of ${pods}`);
  else if (m.lane[i] >= 0) lines.push(`pod ${picture.lanes[m.lane[i]].name}`);
  else lines.push("no pod explains it");
  return lines;
}

// clock is the time of day of a moment, with milliseconds.
export function clock(picture, seconds) {
  return new Date(Date.parse(picture.began) + seconds * 1000).toISOString().slice(11, 23);
}
