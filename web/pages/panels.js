// The panels beside the pad. Whatever viewers wrote is set as text, never as markup.

export function showPlayed(played, first) {
  const list = document.getElementById("played");
  const known = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const rows = played.map((input) => {
    const row = known.get(String(input.id)) ?? newRow(input.id, first);
    row.querySelector(".who").textContent = input.user ?? "somebody";
    row.querySelector(".what").textContent = input.text ?? "an input";
    return row;
  });
  rows.forEach((row, place) => {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
  while (list.childElementCount > rows.length) list.lastElementChild.remove();
  document.getElementById("quiet").hidden = rows.length > 0;
}

function newRow(id, first) {
  const row = document.createElement("li");
  row.dataset.id = id;
  if (!first) {
    row.className = "fresh";
    row.addEventListener("animationend", () => row.classList.remove("fresh"));
  }
  for (const name of ["who", "what"]) {
    const cell = document.createElement("span");
    cell.className = name;
    cell.dir = "auto";
    row.append(cell);
  }
  return row;
}

const COUNTERS = [
  ["commands", "commands"],
  ["played", "played"],
  ["passed_over", "passed over"],
  ["late", "late"],
  ["lost", "lost"],
  ["doubled", "doubled"],
  ["refused", "refused"],
  ["p50", "latency p50"],
  ["p99", "latency p99"],
];
const FAULTS = ["late", "lost", "doubled"]; // zero is good news here, anything else is bad

export function showCounters(counters, latency) {
  const section = document.getElementById("counters");
  section.hidden = !counters;
  if (!counters) return;
  const list = section.firstElementChild;
  const wanted = COUNTERS.filter(([name]) => name in counters || (latency && name in latency));
  if (list.childElementCount !== wanted.length) list.replaceChildren(...wanted.map(newCounter));
  for (const cell of list.children) {
    const name = cell.dataset.name;
    const figure = cell.querySelector("dd");
    if (name in counters) figure.textContent = counters[name].toLocaleString("en");
    else showMilliseconds(figure, latency[name]);
    if (FAULTS.includes(name)) cell.className = counters[name] ? "fault" : "clear";
  }
}

function newCounter([name, title]) {
  const cell = document.createElement("div");
  const term = document.createElement("dt");
  cell.dataset.name = name;
  term.textContent = title;
  cell.append(term, document.createElement("dd"));
  return cell;
}

function showMilliseconds(figure, value) {
  const unit = document.createElement("small");
  unit.textContent = "ms";
  figure.replaceChildren(digits(value), unit);
}

function digits(value) {
  if (value == null) return "–";
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

const percent = (part) => (part == null ? "–" : `${(part * 100).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`);
const STATES = { up: "up", connecting: "connecting", waiting: "waiting", refused: "refused", cut: "cut" };
const TRACE_POINTS = 60;
const TRACE_EVERY_MS = 400;

export class Relays {
  #cards = [];
  #press;

  // press(number, cut): asks the feed to cut or restore a relay, counted from 1
  constructor(press) {
    this.#press = press;
  }

  show(relays, now) {
    document.getElementById("relays").hidden = !relays;
    if (!relays) return;
    if (this.#cards.length !== relays.length) {
      this.#cards = relays.map((_, place) => this.#newCard(place + 1));
      document.getElementById("cards").replaceChildren(...this.#cards.map((card) => card.element));
    }
    relays.forEach((relay, place) => showCard(this.#cards[place], relay, now));
  }

  #newCard(number) {
    const element = document.getElementById("relay-card").content.firstElementChild.cloneNode(true);
    const card = { element, part: (name) => element.querySelector(name), trace: [], traced: 0 };
    card.part("button").addEventListener("click", () => this.#press(number, element.dataset.cut !== "true"));
    return card;
  }
}

function showCard(card, relay, now) {
  const cut = relay.state === "cut";
  card.element.dataset.state = relay.state;
  card.element.dataset.cut = cut;
  card.part(".name").textContent = relay.name;
  card.part(".state").textContent = STATES[relay.state] ?? "unknown";
  card.part(".delay").textContent = digits(relay.delay_ms);
  card.part(".jitter").textContent = relay.jitter_ms == null ? "" : `± ${digits(relay.jitter_ms)}`;
  card.part(".loss").textContent = percent(relay.loss);
  card.part(".share").textContent = percent(relay.share);
  card.part(".bar i").style.transform = `scaleX(${relay.share ?? 0})`;
  const button = card.part("button");
  button.hidden = !relay.can_cut;
  button.textContent = cut ? "Restore" : "Cut";
  button.setAttribute("aria-label", `${button.textContent} relay ${relay.name}`);
  if (now - card.traced >= TRACE_EVERY_MS) {
    card.traced = now;
    card.trace = [...card.trace, relay.state === "up" ? relay.delay_ms : null].slice(-TRACE_POINTS);
    drawTrace(card.part("polyline"), card.trace);
  }
}

function drawTrace(line, trace) {
  const highest = Math.max(4, ...trace.map((delay) => delay ?? 0));
  const start = 100 - ((trace.length - 1) * 100) / (TRACE_POINTS - 1);
  const points = trace.map((delay, place) => {
    const x = start + (place * 100) / (TRACE_POINTS - 1);
    return `${x.toFixed(1)},${delay == null ? 29 : (28 - (delay / highest) * 25).toFixed(1)}`;
  });
  line.setAttribute("points", points.join(" "));
}
