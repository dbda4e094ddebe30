"use strict";

// All text of the data goes through textContent, so it is never parsed as HTML.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "style") Object.assign(element.style, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const percent = (part) => `${(100 * part).toFixed(4)}%`;
const spanText = ([first, end]) => (first === end ? `frame ${first}` : `frames ${first} to ${end}`);

// The index of the first frame with this number or a greater one.
function placeOf(numbers, number) {
  let low = 0, high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < number) low = middle + 1; else high = middle;
  }
  return low;
}

// Rows of spans over the frames of a video: where the filter holds, tracks, and answers.
class Timeline {
  // go(place) shows a frame, toggle(track) shows or hides a track, isOn(track) returns whether it is
  // shown, isHidden(track) whether it was hidden on its own, and named(track) its name and color.
  constructor(container, actions) {
    this.container = container;
    Object.assign(this, actions);
    this.playhead = null;
    container.addEventListener("pointerdown", (event) => this.scrub(event));
  }

  build(numbers, layer, matches) {
    this.numbers = numbers;
    const { tracks, answers } = layer, parts = [];
    if (tracks.length || answers.length) parts.push(this.ruler());
    if (matches) parts.push(this.matchRow(matches));
    for (const track of tracks) parts.push(this.trackRow(track));
    if (answers.length) parts.push(make("div", { className: "group" }, "Answers"));
    for (const answer of answers) parts.push(this.answerRow(answer));
    this.playhead = null;
    if (parts.length) {
      this.playhead = make("i");
      parts.push(make("div", { className: "head" }, this.playhead));
    } else {
      const text = layer.isLabeled ? "There are no labels in this video." : "This video is not labeled.";
      parts.push(make("p", { className: "nothing" }, text));
    }
    this.container.replaceChildren(...parts);
  }

  row(label, lane, className = "row") {
    return make("div", { className }, make("div", { className: "label" }, label), lane);
  }

  lane(text, className = "lane") {
    return make("div", { className, role: "img", "aria-label": text });
  }

  middle(number) {
    return { left: percent((placeOf(this.numbers, number) + 0.5) / this.numbers.length) };
  }

  spanStyle([first, end]) {
    const start = placeOf(this.numbers, first), count = placeOf(this.numbers, end) - start + 1;
    return { left: percent(start / this.numbers.length), width: percent(count / this.numbers.length) };
  }

  ruler() {
    const { numbers } = this, first = numbers[0], reach = numbers[numbers.length - 1] - first;
    const ruler = make("div", { className: "ruler", "aria-hidden": "true" });
    const most = this.container.clientWidth > 700 ? 12 : 5;
    const size = 10 ** Math.floor(Math.log10(Math.max(1, reach / most)));
    const step = [1, 2, 5, 10].map((n) => n * size).find((n) => reach / n <= most);
    const ticks = [first];
    for (let n = Math.ceil((first + step / 2) / step) * step; n <= first + reach; n += step) ticks.push(n);
    for (const number of ticks) {
      const className = placeOf(numbers, number) > 0.96 * numbers.length ? "last" : "";
      ruler.append(make("span", { className, style: this.middle(number) }, `${number}`));
    }
    return this.row("", ruler, "row ruled");
  }

  matchRow({ text, spans }) {
    const lane = this.lane(`Frames with ${text}: ${spans.map(spanText).join(", ") || "none"}`);
    for (const span of spans) {
      lane.append(make("div", { className: "bar match", title: `${text}, ${spanText(span)}`, style: this.spanStyle(span) }));
    }
    return this.row(make("span", { className: "question", title: text }, text), lane, "row matches");
  }

  trackRow(track) {
    const { name, color } = this.named(track);
    const keys = track.keys.length ? `; key frames ${track.keys.slice(0, 40).join(", ")}` : "";
    const lane = this.lane(`${name}: ${track.spans.map(spanText).join(", ")}${keys}`);
    for (const span of track.spans) {
      lane.append(make("div", { className: "bar", title: `${name}, ${spanText(span)}`, style: { background: color, ...this.spanStyle(span) } }));
    }
    for (const number of track.keys) {
      lane.append(make("div", { className: "key", title: `${name}, key frame ${number}`, style: { background: color, ...this.middle(number) } }));
    }
    const toggle = make("button", { title: `Show or hide ${name}` },
      make("i", { className: "chip", style: { background: color } }), make("span", {}, name));
    toggle.onclick = () => this.toggle(track);
    const row = this.row(toggle, lane, "row track");
    row.refresh = () => {
      row.classList.toggle("off", !this.isOn(track));
      toggle.setAttribute("aria-pressed", String(!this.isHidden(track)));
    };
    return row;
  }

  answerRow({ question, spans }) {
    const text = spans.map(([first, end, words]) => `${words}, ${spanText([first, end])}`).join("; ");
    const lane = this.lane(`${question}: ${text}`, "lane tall");
    const different = [...new Set(spans.map((span) => span[2]))];
    for (const [first, end, words] of spans) {
      const odd = different.indexOf(words) % 2 ? " odd" : "";
      lane.append(make("div", { className: `answer${odd}`, title: `${question}: ${words}, ${spanText([first, end])}`, style: this.spanStyle([first, end]) }, words));
    }
    return this.row(make("span", { className: "question", title: question }, question), lane);
  }

  refresh() {
    for (const row of this.container.querySelectorAll(".track")) row.refresh();
  }

  move(place) {
    if (this.playhead) this.playhead.style.left = percent((place + 0.5) / this.numbers.length);
  }

  scrub(event) {
    const lane = event.target.closest(".lane, .ruler");
    if (!lane || event.button) return;
    event.preventDefault();
    const box = lane.getBoundingClientRect();
    const follow = (moved) => {
      const part = Math.min(Math.max((moved.clientX - box.left) / box.width, 0), 0.999999);
      this.go(Math.floor(part * this.numbers.length));
    };
    follow(event);
    const end = () => {
      window.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }
}
