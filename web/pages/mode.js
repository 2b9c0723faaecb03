// The panel of the mode in force: a vote, a queue, the teams. It is what the bot says, not what was played.

const TICK_MS = 100;
// A new end that is this much later than the old one is another window, or the same one grown longer.
const SLACK_MS = 300;
const VOTES = new Set(["democracy", "step"]);
const COLOURS = new Set(["red", "blue", "green", "yellow", "orange", "purple", "pink", "white", "cyan"]);

export class ModePanel {
  #section = document.getElementById("mode");
  #clock = new Countdown(this.#part(".left"), this.#part(".clock i"));
  #number = null;
  #rows = 0; // the most candidates this mode has had

  // mode: a snapshot's mode or null; heard: whether the bot is; first: whether this is a page's first snapshot
  show(mode, heard, first) {
    this.#section.hidden = !mode;
    if (!mode) return;
    this.#section.dataset.heard = heard;
    if (mode.number === this.#number && !first) return;
    this.#number = mode.number;
    if (this.#section.dataset.mode !== mode.mode) this.#rows = 0;
    this.#rows = Math.max(this.#rows, mode.candidates.length);
    this.#section.style.setProperty("--rows", this.#rows);
    this.#section.dataset.mode = mode.mode;
    this.#part("h2").textContent = mode.mode;
    this.#part(".headline").textContent = mode.headline;
    this.#part(".pinned").hidden = !mode.pinned;
    this.#part(".paused").hidden = !mode.paused;
    this.#clock.set(mode.ends_in_ms, VOTES.has(mode.mode) || mode.mode === "turns");
    showVote(this.#part(".vote"), mode);
    showTurn(this.#part(".turn"), mode);
    showTeams(this.#part(".teams"), mode.teams);
    showWait(this.#part(".wait"), mode);
    showShare(this.#part(".share"), mode);
  }

  #part(selector) {
    return this.#section.querySelector(selector);
  }
}

// The team that plays this pad: {name, colour}, or null.
export function teamOf(mode, pad) {
  const team = mode?.teams.find((one) => one.pad === pad);
  return team ? { name: team.name, colour: colourOf(team) } : null;
}

class Countdown {
  #figure;
  #bar;
  #endsAt = null;
  #whole = 0;
  #stays = false;

  constructor(figure, bar) {
    this.#figure = figure;
    this.#bar = bar;
    setInterval(() => this.#draw(performance.now()), TICK_MS);
  }

  // endsInMs: from now; null where nothing ends. stays: the bar keeps its place until something does
  set(endsInMs, stays) {
    this.#stays = stays;
    const now = performance.now();
    const left = this.#endsAt === null ? 0 : Math.max(0, this.#endsAt - now);
    this.#endsAt = endsInMs === null ? null : now + endsInMs;
    if (endsInMs > left + SLACK_MS) this.#whole = left <= SLACK_MS ? endsInMs : Math.max(this.#whole, endsInMs);
    this.#draw(now);
  }

  #draw(now) {
    const ends = this.#endsAt !== null;
    this.#figure.hidden = !ends;
    this.#bar.parentElement.hidden = !ends && !this.#stays;
    const left = ends ? Math.max(0, this.#endsAt - now) : 0;
    const text = inSeconds(left);
    if (this.#figure.textContent !== text) this.#figure.textContent = text;
    this.#bar.style.transform = `scaleX(${this.#whole ? left / this.#whole : 0})`;
  }
}

function inSeconds(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function showVote(box, mode) {
  box.hidden = !VOTES.has(mode.mode) && !mode.candidates.length;
  if (box.hidden) return;
  const most = Math.max(1, ...mode.candidates.map((candidate) => candidate.votes));
  fill(box.querySelector(".candidates"), "candidate", mode.candidates, (row, candidate) => {
    row.querySelector(".text").textContent = candidate.text;
    row.querySelector(".votes").textContent = candidate.votes.toLocaleString("en");
    row.querySelector("i").style.transform = `scaleX(${candidate.votes / most})`;
  });
  const missing = mode.quorum - mode.voters;
  box.querySelector(".voters").textContent = `${mode.voters.toLocaleString("en")} voted`;
  const quorum = box.querySelector(".quorum");
  quorum.textContent = missing > 0 ? `${missing.toLocaleString("en")} more to count` : "enough to count";
  quorum.classList.toggle("met", missing <= 0);
  const result = box.querySelector(".result");
  result.querySelector("b").textContent = mode.result || "–";
}

function showTurn(box, mode) {
  box.hidden = !mode.player && !mode.queue.length && mode.mode !== "turns";
  if (box.hidden) return;
  box.querySelector(".player").textContent = mode.player || "nobody";
  box.querySelector(".next").hidden = !mode.queue.length;
  fill(box.querySelector(".queue"), "queued", mode.queue, (row, name) => {
    row.querySelector(".name").textContent = name;
  });
}

function showTeams(list, teams) {
  list.hidden = !teams.length;
  fill(list, "team", teams, (row, team) => {
    row.dataset.colour = colourOf(team);
    row.querySelector(".name").textContent = team.name;
    row.querySelector(".pad-number").textContent = `pad ${team.pad}`;
    row.querySelector(".members").textContent = team.members.toLocaleString("en");
    row.querySelector(".unit").textContent = team.members === 1 ? "player" : "players";
  });
}

// Where inputs go through a buffer, how long that takes is what viewers feel. A vote has its clock instead.
function showWait(box, mode) {
  box.hidden = VOTES.has(mode.mode) || (mode.mode !== "anarchy" && !mode.delay_ms);
  if (box.hidden) return;
  const inSeconds = mode.delay_ms >= 1000;
  box.querySelector(".delay").textContent = inSeconds ? (mode.delay_ms / 1000).toFixed(1) : mode.delay_ms.toFixed(0);
  box.querySelector(".unit").textContent = inSeconds ? "s" : "ms";
  box.querySelector(".waiting").textContent = mode.waiting.toLocaleString("en");
}

function showShare(box, mode) {
  const share = mode.democracy_share;
  box.hidden = share === null;
  if (box.hidden) return;
  const isDemocracy = mode.mode === "democracy";
  const needed = isDemocracy ? mode.anarchy_below : mode.democracy_from;
  box.querySelector(".figure").textContent = `${percent(share)} for democracy`;
  box.querySelector(".needed").textContent =
    needed === null ? "" : `${isDemocracy ? "anarchy at" : "democracy from"} ${percent(needed)}`;
  box.querySelector(".fill").style.transform = `scaleX(${share})`;
  const mark = box.querySelector(".mark");
  mark.hidden = needed === null;
  mark.style.left = percent(needed ?? 0).replace(" ", "");
}

const percent = (share) => `${Math.round(share * 100)} %`;

function colourOf(team) {
  return COLOURS.has(team.name) ? team.name : `pad${team.pad}`;
}

// One row of the template `kind` for each item, those that are there used again.
function fill(list, kind, items, show) {
  const template = document.getElementById(kind).content.firstElementChild;
  while (list.childElementCount > items.length) list.lastElementChild.remove();
  while (list.childElementCount < items.length) list.append(template.cloneNode(true));
  items.forEach((item, place) => show(list.children[place], item));
}
