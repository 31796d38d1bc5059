// senderChoice lets people see the failures of one sender alone, where there are any.
export function senderChoice(root, picture, chart) {
  const select = root.getElementById("senders");
  if (!select) return;
  picture.senders.forEach((name, i) => select.add(new Option(name, i)));
  select.addEventListener("change", () => chart.chooseSender(select.value === "" ? null : Number(select.value)));
}
