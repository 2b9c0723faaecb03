// Keeps one WebSocket to the program that serves this page and shows the newest snapshot it sends.

import { ModePanel, teamOf } from "./mode.js";
import { Pad } from "./pad.js";
import { Relays, showCounters, showPlayed } from "./panels.js";

const SILENCE_MS = 3000; // the feed says something at least once a second, changed or not
const RETRY_MS = [250, 500, 1000, 2000]; // the last one repeats

let socket = null;
let failures = 0;
let lastHeard = 0;
let first = true; // the first snapshot after a connect is a picture, not news: nothing flashes
const pads = [];
const panel = new ModePanel();
const relays = new Relays((number, cut) => socket?.send(JSON.stringify({ relay: number, cut })));

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const mine = new WebSocket(`${scheme}//${location.host}/feed`);
  socket = mine;
  first = true;
  lastHeard = performance.now();
  mine.onmessage = (event) => {
    if (mine !== socket) return;
    failures = 0;
    lastHeard = performance.now();
    show(JSON.parse(event.data));
  };
  mine.onclose = () => {
    if (mine === socket) retry();
  };
}

function retry() {
  socket = null;
  for (const pad of pads) pad.show({}, {}, true);
  setFeed("lost", "Feed lost. Connecting again…");
  setTimeout(connect, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
  failures += 1;
}

setInterval(() => {
  if (!socket || performance.now() - lastHeard < SILENCE_MS) return;
  socket.close(); // its close event may take long on a dead line: do not wait for it
  retry();
}, 500);

function setFeed(state, text) {
  document.body.dataset.feed = state;
  const label = document.getElementById("status-text");
  if (label.textContent !== text) label.textContent = text;
}

function show(snapshot) {
  setFeed("live", "Live");
  document.getElementById("about").textContent = snapshot.about;
  showPads(snapshot.pads, snapshot.mode);
  panel.show(snapshot.mode, snapshot.link === null, first);
  showPlayed(snapshot.played, first);
  showCounters(snapshot.counters, snapshot.latency_ms);
  relays.show(snapshot.relays, performance.now());
  const link = document.getElementById("link");
  const trouble = snapshot.link ?? snapshot.chat;
  link.hidden = trouble === null;
  link.textContent = trouble ?? "";
  first = false;
}

function showPads(states, mode) {
  const box = document.getElementById("pads");
  if (pads.length !== states.length) {
    const drawing = document.getElementById("pad-drawing");
    pads.splice(0, pads.length, ...states.map((_, place) => new Pad(place + 1, drawing)));
    box.replaceChildren(...pads.map((pad) => pad.element));
    box.dataset.count = pads.length;
  }
  states.forEach((state, place) => {
    pads[place].show(state.controls, state.presses, first);
    pads[place].name(teamOf(mode, place + 1));
  });
}

connect();
