"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const canvas = byId("canvas"), context = canvas.getContext("2d");
  const slider = byId("slider"), rows = byId("timeline");
  const classes = new Map(data.classes.map((item) => [item.name, item]));
  const hiddenClasses = new Set(), hiddenTracks = new Set();
  const TAG = 12, TINTS = 300, NEAR = 8;
  let video = null, at = 0, playing = false, clock = 0, last = 0, playhead = null, zoom = 1;

  // All text of the data goes through textContent: it is never taken for HTML.
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
  const classOf = (name) => classes.get(name) || { name, color: "#8a94a6", ink: "#ffffff" };
  const nameOf = (item) => (item.i == null ? item.c : `${item.c} ${item.i}`);
  const keyOf = (item) => `${data.videos.indexOf(video)}/${item.c}/${item.i}`;
  const isShown = (item) => !hiddenClasses.has(item.c) && !hiddenTracks.has(keyOf(item));
  const many = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : word.endsWith("s") ? "es" : "s"}`;
  const percent = (part) => `${(100 * part).toFixed(4)}%`;

  function clockText(seconds) {
    const rest = (seconds % 60).toFixed(2).padStart(5, "0");
    return `${Math.floor(seconds / 60)}:${rest}`;
  }

  // ---- pictures -------------------------------------------------------------------------------

  function pictureOf(frame) {
    if (!frame.image) {
      frame.image = new Image();
      frame.image.onload = () => { if (video && video.frames[at] === frame) draw(); };
      frame.image.src = `data:image/jpeg;base64,${frame.jpeg}`;
    }
    return frame.image;
  }

  const tints = new Map();
  // A mask in the color of its class, translucent with an outline; kept, as masks are often held.
  function tinted(number, color) {
    const key = `${number} ${color}`, known = tints.get(key);
    if (known) return known;
    const mask = data.masks[number];
    if (!mask.image) {
      mask.image = new Image();
      mask.image.onload = () => draw();
      mask.image.src = `data:image/png;base64,${mask[4]}`;
    }
    const image = mask.image, edge = 2;
    if (!image.complete || !image.naturalWidth) return null;
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    const outline = make("canvas", { width: width + 2 * edge, height: height + 2 * edge });
    const pen = outline.getContext("2d");
    for (let turn = 0; turn < 8; turn++) {
      const angle = (turn * Math.PI) / 4;
      pen.drawImage(image, edge + 1.5 * Math.cos(angle), edge + 1.5 * Math.sin(angle));
    }
    pen.globalCompositeOperation = "destination-out";
    pen.drawImage(image, edge, edge);
    pen.globalCompositeOperation = "source-over";
    pen.globalAlpha = 0.4;
    pen.drawImage(image, edge, edge);
    pen.globalAlpha = 1;
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = color;
    pen.fillRect(0, 0, outline.width, outline.height);
    if (tints.size >= TINTS) tints.delete(tints.keys().next().value);
    const made = { canvas: outline, edge, width, height };
    tints.set(key, made);
    return made;
  }

  // ---- drawing --------------------------------------------------------------------------------

  function fit() {
    const [width, height] = video.frames[at].size;
    const room = canvas.parentElement.clientWidth;
    const high = Math.max(260, Math.min(window.innerHeight * 0.68, 900));
    zoom = Math.min(room / width, high / height);
    const ratio = window.devicePixelRatio || 1;
    const across = Math.round(width * zoom), down = Math.round(height * zoom);
    canvas.style.width = `${across}px`;
    canvas.style.height = `${down}px`;
    if (canvas.width !== Math.round(across * ratio) || canvas.height !== Math.round(down * ratio)) {
      canvas.width = Math.round(across * ratio);
      canvas.height = Math.round(down * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return [across, down];
  }

  function draw() {
    const frame = video.frames[at], [width, height] = fit();
    const image = pictureOf(frame);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    if (image.complete && image.naturalWidth) context.drawImage(image, 0, 0, width, height);
    const shown = frame.o.filter(isShown);
    const area = (item) => (item.m == null ? 0 : data.masks[item.m][2] * data.masks[item.m][3]);
    for (const item of [...shown].sort((a, b) => area(b) - area(a))) drawShape(item);
    if (byId("names").checked) drawTags(shown, width, height);
  }

  function traceVertices(path, s) {
    for (let i = 0; i + 1 < s.length; i += 2) path[i ? "lineTo" : "moveTo"](s[i], s[i + 1]);
  }

  // The vertex in the middle of its numbers.
  function boundsOfVertex(s) {
    if (s.length < 2) return null;
    const i = 2 * Math.floor(s.length / 4);
    return [s[i] - 6, s[i + 1] - 6, s[i] + 6, s[i + 1] + 6];
  }

  // How objects of each kind are drawn; their numbers are in pixels of the canvas.
  const KINDS = {
    "rectangle": {
      isFilled: true,
      trace: (path, s) => path.rect(s[0], s[1], s[2], s[3]),
      bounds: (s) => [Math.min(s[0], s[0] + s[2]), Math.min(s[1], s[1] + s[3]),
        Math.max(s[0], s[0] + s[2]), Math.max(s[1], s[1] + s[3])],
    },
    "point": {
      isDot: true,
      trace: (path, s) => path.arc(s[0], s[1], 5, 0, 2 * Math.PI),
      bounds: boundsOfVertex,
    },
    "line": { hasVertices: true, trace: traceVertices, bounds: boundsOfVertex },
    "polygon": {
      isFilled: true,
      hasVertices: true,
      trace: (path, s) => { traceVertices(path, s); path.closePath(); },
      bounds: boundsOfVertex,
    },
    "raster-segmentation": { isMask: true },
  };

  function drawShape(item) {
    const { color } = classOf(item.c), kind = KINDS[item.t];
    if (kind.isMask) {
      const tint = tinted(item.m, color);
      if (!tint) return;
      const [left, top, width, height] = data.masks[item.m];
      const x = (width * zoom) / tint.width, y = (height * zoom) / tint.height;
      context.drawImage(tint.canvas, left * zoom - tint.edge * x, top * zoom - tint.edge * y,
        tint.canvas.width * x, tint.canvas.height * y);
      return;
    }
    const s = item.s.map((value) => value * zoom);
    const path = new Path2D();
    kind.trace(path, s);
    if (kind.isDot) {
      stroke(path, "rgba(12,14,18,.6)", 5);
      stroke(path, "#fff", 3);
      context.fillStyle = color;
      context.fill(path);
      return;
    }
    if (kind.isFilled) {
      context.globalAlpha = 0.12;
      context.fillStyle = color;
      context.fill(path);
      context.globalAlpha = 1;
    }
    stroke(path, "rgba(12,14,18,.55)", 4);
    stroke(path, color, 2);
    if (!kind.hasVertices) return;
    for (let i = 0; i + 1 < s.length; i += 2) {
      const dot = new Path2D();
      dot.arc(s[i], s[i + 1], 3, 0, 2 * Math.PI);
      stroke(dot, "rgba(12,14,18,.55)", 2);
      context.fillStyle = color;
      context.fill(dot);
    }
  }

  function stroke(path, color, width) {
    context.lineWidth = width;
    context.lineJoin = "round";
    context.strokeStyle = color;
    context.stroke(path);
  }

  // What a tag stays beside: left, top, right, bottom.
  function boundsOf(item) {
    if (KINDS[item.t].isMask) {
      const [left, top, width, height] = data.masks[item.m].slice(0, 4).map((v) => v * zoom);
      const x = left + width / 2, y = top + height / 2;
      return [x - 20, y, x + 20, y];
    }
    const s = item.s.map((value) => value * zoom);
    return KINDS[item.t].bounds(s);
  }

  function cut(text, width) {
    if (context.measureText(text).width <= width) return text;
    let length = text.length;
    while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
    return `${text.slice(0, length)}…`;
  }

  function drawTags(shown, width, height) {
    const bold = `600 ${TAG}px system-ui, sans-serif`, plain = `${TAG - 1}px system-ui, sans-serif`;
    const pad = 5, line = TAG + 6, placed = [];
    context.textBaseline = "middle";
    for (const item of shown) {
      const bounds = boundsOf(item);
      if (!bounds) continue;
      const { color, ink } = classOf(item.c);
      context.font = bold;
      const title = cut(nameOf(item), width / 2), mark = item.k ? TAG : 0;
      let wide = context.measureText(title).width + mark;
      context.font = plain;
      const answers = byId("details").checked ? item.a || [] : [];
      const lines = answers.map(([, said]) => cut(said.replace(/\s+/g, " "), width / 2.5));
      for (const text of lines) wide = Math.max(wide, context.measureText(text).width);
      wide += 2 * pad;
      const high = line * (1 + lines.length);
      const [left, top, right, bottom] = bounds;
      const corners = [[left - 1, top - high - 3], [left - 1, bottom + 3], [right + 3, top],
        [left - wide - 3, top], [right - wide, top - high - 3], [right - wide, bottom + 3],
        [left + 3, top + 3]];
      let best = null, least = Infinity;
      for (const [cx, cy] of corners) {
        const x = Math.min(Math.max(cx, 2), Math.max(2, width - wide - 2));
        const y = Math.min(Math.max(cy, 2), Math.max(2, height - high - 2));
        let cost = Math.abs(x - cx) + Math.abs(y - cy);
        for (const other of placed) {
          const overlap = Math.min(x + wide, other[2]) - Math.max(x, other[0]);
          const deep = Math.min(y + high, other[3]) - Math.max(y, other[1]);
          if (overlap > 0 && deep > 0) cost += overlap * deep;
        }
        if (cost < least) [best, least] = [[x, y], cost];
      }
      const [x, y] = best;
      placed.push([x - 1, y - 1, x + wide + 1, y + high + 1]);
      if (lines.length) box(x, y, wide, high, "rgba(12,14,18,.8)");
      box(x, y, wide, line, color);
      context.fillStyle = ink;
      if (item.k) diamond(x + pad + 4, y + line / 2, 4);
      context.font = bold;
      context.fillText(title, x + pad + mark, y + line / 2 + 0.5);
      context.font = plain;
      context.fillStyle = "#fff";
      lines.forEach((text, n) => context.fillText(text, x + pad, y + line * (n + 1.5)));
    }
  }

  function box(x, y, width, height, color) {
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(x, y, width, height, 3);
    context.fill();
  }

  function diamond(x, y, size) {
    context.beginPath();
    context.moveTo(x, y - size);
    context.lineTo(x + size, y);
    context.lineTo(x, y + size);
    context.lineTo(x - size, y);
    context.fill();
  }

  // ---- words ----------------------------------------------------------------------------------

  function saidAt(number) {
    const said = [];
    for (const { question, spans } of video.answers) {
      const span = spans.find(([first, end]) => first <= number && number <= end);
      if (span) said.push([question, span[2]]);
    }
    return said;
  }

  function tell() {
    const frame = video.frames[at], parts = [];
    if (!video.isLabeled) {
      parts.push(make("p", { className: "nothing" }, "This video is not labeled."));
    } else {
      const said = saidAt(video.numbers[frame.p]);
      if (said.length) {
        parts.push(make("dl", {}, ...said.flatMap(([question, answer]) =>
          [make("dt", {}, question), make("dd", {}, answer)])));
      }
      if (frame.o.length) {
        parts.push(make("ul", { className: "objects" }, ...frame.o.map((item) => {
          const answers = (item.a || []).map(([question, answer]) => `${question}: ${answer}`);
          return make("li", { className: isShown(item) ? "" : "off" },
            make("i", { className: "chip", style: { background: classOf(item.c).color } }),
            make("span", {}, nameOf(item) + (item.k ? " ◆" : "")),
            ...(answers.length ? [make("small", {}, answers.join(" · "))] : []));
        })));
      }
      if (!parts.length) parts.push(make("p", { className: "nothing" }, "Nothing in this frame."));
    }
    byId("told").replaceChildren(...parts);
  }

  // ---- timeline -------------------------------------------------------------------------------

  function placeOf(number) {
    let low = 0, high = video.numbers.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (video.numbers[middle] < number) low = middle + 1; else high = middle;
    }
    return low;
  }

  function spanStyle(first, end) {
    const start = placeOf(first), count = placeOf(end) - start + 1;
    return { left: percent(start / video.rows), width: percent(count / video.rows) };
  }

  const spanText = ([first, end]) => (first === end ? `frame ${first}` : `frames ${first} to ${end}`);

  function buildTimeline() {
    const parts = [];
    if (video.tracks.length || video.answers.length) {
      const ruler = make("div", { className: "ruler", "aria-hidden": "true" });
      const most = rows.clientWidth > 700 ? 12 : 5;
      const first = video.numbers[0], reach = video.numbers[video.rows - 1] - first;
      const size = 10 ** Math.floor(Math.log10(Math.max(1, reach / most)));
      const step = [1, 2, 5, 10].map((n) => n * size).find((n) => reach / n <= most);
      const ticks = [first];
      for (let n = Math.ceil((first + step / 2) / step) * step; n <= first + reach; n += step) ticks.push(n);
      for (const number of ticks) {
        const left = percent((placeOf(number) + 0.5) / video.rows);
        ruler.append(make("span", { style: { left } }, `${number}`));
      }
      parts.push(make("div", { className: "row" }, make("span", { className: "label" }), ruler));
    }
    for (const track of video.tracks) {
      const { color } = classOf(track.c), name = nameOf(track);
      const lane = make("div", { className: "lane", role: "img" });
      const keys = track.keys.length ? `; key frames ${track.keys.slice(0, 40).join(", ")}` : "";
      lane.setAttribute("aria-label", `${name}: ${track.spans.map(spanText).join(", ")}${keys}`);
      for (const span of track.spans) {
        lane.append(make("div", { className: "bar", title: `${name}, ${spanText(span)}`, style: { background: color, ...spanStyle(...span) } }));
      }
      for (const number of track.keys) {
        const left = percent((placeOf(number) + 0.5) / video.rows);
        lane.append(make("div", { className: "key", title: `${name}, key frame ${number}`, style: { background: color, left } }));
      }
      const toggle = make("button", { title: `Show ${name} or not` },
        make("i", { className: "chip", style: { background: color } }), make("span", {}, name));
      const row = make("div", { className: "row track" }, make("div", { className: "label" }, toggle), lane);
      toggle.onclick = () => {
        const key = keyOf(track);
        if (!hiddenTracks.delete(key)) hiddenTracks.add(key);
        refresh();
      };
      row.refresh = () => {
        row.classList.toggle("off", !isShown(track));
        toggle.setAttribute("aria-pressed", String(!hiddenTracks.has(keyOf(track))));
      };
      parts.push(row);
    }
    if (video.answers.length) parts.push(make("div", { className: "group" }, "Answers"));
    for (const { question, spans } of video.answers) {
      const lane = make("div", { className: "lane tall", role: "img" });
      lane.setAttribute("aria-label", `${question}: ${spans.map(([first, end, said]) => `${said}, ${spanText([first, end])}`).join("; ")}`);
      const different = [...new Set(spans.map((span) => span[2]))];
      for (const [first, end, said] of spans) {
        const odd = different.indexOf(said) % 2 ? " odd" : "";
        lane.append(make("div", { className: `said${odd}`, title: `${question}: ${said}, ${spanText([first, end])}`, style: spanStyle(first, end) }, said));
      }
      parts.push(make("div", { className: "row" },
        make("div", { className: "label" }, make("span", { className: "question", title: question }, question)), lane));
    }
    playhead = make("i");
    if (parts.length) parts.push(make("div", { className: "head" }, playhead));
    else parts.push(make("p", { className: "nothing" }, "This video is not labeled."));
    rows.replaceChildren(...parts);
    byId("key-back").parentElement.hidden = !video.tracks.some((track) => track.keys.length);
  }

  function shownNear(place) {
    let best = 0;
    video.frames.forEach((frame, index) => {
      if (Math.abs(frame.p - place) < Math.abs(video.frames[best].p - place)) best = index;
    });
    return best;
  }

  function scrub(event) {
    const lane = event.target.closest(".lane, .ruler");
    if (!lane || event.button) return;
    event.preventDefault();
    const box = lane.getBoundingClientRect();
    const follow = (moved) => {
      const part = Math.min(Math.max((moved.clientX - box.left) / box.width, 0), 0.999999);
      pause();
      show(shownNear(Math.floor(part * video.rows)));
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

  function jumpToKey(direction) {
    const places = video.tracks.filter(isShown)
      .flatMap((track) => track.keys.map((number) => shownNear(placeOf(number))));
    const ahead = places.filter((index) => (index - at) * direction > 0);
    if (ahead.length) show(direction > 0 ? Math.min(...ahead) : Math.max(...ahead));
  }

  // ---- state ----------------------------------------------------------------------------------

  function show(index) {
    at = Math.min(Math.max(index, 0), video.frames.length - 1);
    const frame = video.frames[at], number = video.numbers[frame.p];
    const told = `frame ${number} · ${clockText(video.times[frame.p])}`;
    slider.value = at;
    slider.setAttribute("aria-valuetext", told);
    byId("where").textContent = told;
    canvas.setAttribute("aria-label", `${video.name}, ${told}`);
    if (playhead) playhead.style.left = percent((frame.p + 0.5) / video.rows);
    draw();
    tell();
    for (let n = at + 1; n <= at + NEAR && n < video.frames.length; n++) pictureOf(video.frames[n]);
  }

  function refresh() {
    for (const row of rows.querySelectorAll(".track")) row.refresh();
    for (const button of byId("classes").children) {
      button.setAttribute("aria-pressed", String(!hiddenClasses.has(button.dataset.name)));
    }
    draw();
    tell();
  }

  function choose(index) {
    pause();
    video = data.videos[index];
    byId("video").value = String(index);
    slider.max = video.frames.length - 1;
    byId("play").disabled = slider.disabled = video.frames.length < 2;
    buildTimeline();
    show(0);
    refresh();
  }

  function pause() {
    playing = false;
    document.body.classList.remove("playing");
    byId("play").setAttribute("aria-label", "Play");
  }

  function play() {
    if (video.frames.length < 2) return;
    if (at === video.frames.length - 1) show(0);
    playing = true;
    document.body.classList.add("playing");
    byId("play").setAttribute("aria-label", "Pause");
    clock = video.times[video.frames[at].p];
    last = performance.now();
    requestAnimationFrame(tick);
  }

  function tick(now) {
    if (!playing) return;
    clock += ((now - last) / 1000) * Number(byId("speed").value);
    last = now;
    let next = at;
    while (next + 1 < video.frames.length && video.times[video.frames[next + 1].p] <= clock) next++;
    if (next !== at) show(next);
    if (at === video.frames.length - 1) pause();
    else requestAnimationFrame(tick);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return;
    const steps = { ArrowLeft: -1, ArrowRight: 1 };
    if (event.key in steps) {
      pause();
      show(at + steps[event.key] * (event.shiftKey ? 10 : 1));
    } else if (event.key === "Home" || event.key === "End") {
      pause();
      show(event.key === "Home" ? 0 : video.frames.length - 1);
    } else if (event.key === "[" || event.key === "]") {
      pause();
      jumpToKey(event.key === "]" ? 1 : -1);
    } else if (event.key === " " && !event.target.closest("button, input[type=checkbox]")) {
      if (playing) pause(); else play();
    } else return;
    event.preventDefault();
  }

  // ---- start ----------------------------------------------------------------------------------

  const total = data.videos.reduce((sum, item) => sum + item.rows, 0);
  const words = [many(data.videos.length, "video"), many(total, "frame")];
  if (data.classes.length) words.push(many(data.classes.length, "class"));
  if (data.step > 1) words.push(`every ${data.step}${data.step === 2 ? "nd" : "th"} frame is shown`);
  if (data.leftOut) words.push(`${many(data.leftOut, "video")} left out`);
  byId("subtitle").textContent = words.join(" · ");
  byId("chooser").hidden = data.videos.length < 2;
  byId("classes-card").hidden = !data.classes.length;
  byId("timeline-card").hidden = byId("about-timeline").hidden = !data.classes.length && !data.videos.some((item) => item.isLabeled);
  data.videos.forEach((item, index) => {
    const note = item.isLabeled || !data.classes.length ? "" : " (not labeled)";
    byId("video").append(make("option", { value: String(index) }, item.name + note));
  });
  for (const item of data.classes) {
    const button = make("button", { title: `Show ${item.name} or not` },
      make("i", { className: "chip", style: { background: item.color } }), make("span", {}, item.name));
    button.dataset.name = item.name;
    button.onclick = () => {
      if (!hiddenClasses.delete(item.name)) hiddenClasses.add(item.name);
      refresh();
    };
    byId("classes").append(button);
  }
  byId("video").onchange = (event) => choose(Number(event.target.value));
  slider.oninput = () => { pause(); show(Number(slider.value)); };
  byId("play").onclick = () => (playing ? pause() : play());
  byId("back").onclick = () => { pause(); show(at - 1); };
  byId("next").onclick = () => { pause(); show(at + 1); };
  byId("key-back").onclick = () => { pause(); jumpToKey(-1); };
  byId("key-next").onclick = () => { pause(); jumpToKey(1); };
  byId("names").onchange = byId("details").onchange = () => draw();
  rows.addEventListener("pointerdown", scrub);
  document.addEventListener("keydown", onKey);
  new ResizeObserver(() => draw()).observe(canvas.parentElement);
  const labeled = data.videos.findIndex((item) => item.isLabeled);
  choose(Math.max(labeled, 0));
})();
