// One drawn pad: lights its buttons and moves its sticks and triggers to what a snapshot says.

const FLASH_MS = 90; // a tap that began and ended between two snapshots is still seen by a human eye

export class Pad {
  #parts = new Map(); // control -> the element that lights up
  #sticks = [];
  #triggers = [];
  #presses = {};
  #number;

  constructor(number, template) {
    this.#number = number;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.dataset.pad = number;
    this.name(null);
    for (const part of this.element.querySelectorAll("[data-control]")) {
      if (part.classList.contains("trigger")) this.#triggers.push(part);
      else this.#parts.set(part.dataset.control, part);
      if (part.dataset.stick) this.#sticks.push(part);
    }
  }

  // controls: {name: value}, those at rest left out; presses: {button: how often it went down so far}
  show(controls, presses, first) {
    for (const [name, part] of this.#parts) {
      const down = controls[name] === 1;
      part.classList.toggle("lit", down);
      const tapped = !first && (presses[name] ?? 0) > (this.#presses[name] ?? 0);
      if (tapped && !down) this.#flash(part, name);
    }
    this.#presses = presses;
    for (const stick of this.#sticks) moveStick(stick, controls);
    for (const trigger of this.#triggers) pullTrigger(trigger, controls[trigger.dataset.control] ?? 0);
  }

  // team: whose it is, {name, colour}, or null
  name(team) {
    const text = team ? `${team.name} · pad ${this.#number}` : `pad ${this.#number}`;
    const caption = this.element.querySelector("figcaption");
    if (caption.textContent === text) return;
    caption.textContent = text;
    this.element.querySelector("svg").setAttribute("aria-label", text);
    if (team) this.element.dataset.colour = team.colour;
    else delete this.element.dataset.colour;
  }

  #flash(part, name) {
    const seen = this.#presses[name] ?? 0;
    part.classList.add("lit");
    setTimeout(() => {
      if ((this.#presses[name] ?? 0) === seen + 1) part.classList.remove("lit");
    }, FLASH_MS);
  }
}

function moveStick(stick, controls) {
  const [x, y] = stick.dataset.stick.split(" ").map((axis) => controls[axis] ?? 0);
  stick.classList.toggle("moved", x !== 0 || y !== 0);
  // 18 drawing units keep the cap inside its well; up is +1 on the pad and less on the screen.
  stick.querySelector(".cap").setAttribute("transform", `translate(${x * 18} ${-y * 18})`);
}

function pullTrigger(trigger, amount) {
  trigger.classList.toggle("moved", amount > 0);
  trigger.querySelector(".level").style.transform = `scaleY(${amount > 0 ? 0.2 + 0.8 * amount : 0})`; // its foot is behind the bumper
}
