"use strict";

const TAG = 12; // height of the letters of tags, in pixels

function traceVertices(path, s) {
  for (let i = 0; i + 1 < s.length; i += 2) path[i ? "lineTo" : "moveTo"](s[i], s[i + 1]);
}

// The middle vertex of a shape.
function boundsOfVertex(s) {
  if (s.length < 2) return null;
  const i = 2 * Math.floor(s.length / 4);
  return [s[i] - 6, s[i + 1] - 6, s[i] + 6, s[i + 1] + 6];
}

// Drawing by kind of object; shapes are in pixels of the canvas.
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

const tints = new WeakMap();

// A mask in a color, translucent with an outline; cached, because masks are often held.
function tinted(mask, color) {
  const known = tints.get(mask) || new Map();
  tints.set(mask, known);
  if (known.has(color)) return known.get(color);
  const { image } = mask, edge = 2, [width, height] = [image.naturalWidth, image.naturalHeight];
  const outline = document.createElement("canvas");
  outline.width = width + 2 * edge;
  outline.height = height + 2 * edge;
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
  known.set(color, { canvas: outline, edge, width, height });
  return known.get(color);
}

// Draws a frame with its objects; an object has class and name, color and ink, and its numbers
// or mask in pixels of the frame.
class Drawing {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.zoom = 1;
  }

  // Make the canvas as large as fits, and return its size.
  fit([width, height]) {
    const { canvas } = this, room = canvas.parentElement;
    this.zoom = Math.min(room.clientWidth / width, room.clientHeight / height);
    const across = Math.max(1, Math.floor(width * this.zoom));
    const down = Math.max(1, Math.floor(height * this.zoom));
    const ratio = window.devicePixelRatio || 1;
    canvas.style.width = `${across}px`;
    canvas.style.height = `${down}px`;
    if (canvas.width !== Math.round(across * ratio) || canvas.height !== Math.round(down * ratio)) {
      canvas.width = Math.round(across * ratio);
      canvas.height = Math.round(down * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return [across, down];
  }

  draw({ size, picture, message, objects, hasNames, hasAnswers }) {
    const [width, height] = this.fit(size), { context } = this;
    context.clearRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    if (picture) context.drawImage(picture, 0, 0, width, height);
    const area = (item) => (item.mask ? item.mask[2] * item.mask[3] : 0);
    for (const item of [...objects].sort((a, b) => area(b) - area(a))) this.drawShape(item);
    if (hasNames) this.drawTags(objects, width, height, hasAnswers);
    if (message) this.drawMessage(message, width, height);
  }

  drawMessage(message, width, height) {
    const { context } = this, lines = [""];
    context.font = "15px system-ui, sans-serif";
    for (const word of message.split(" ")) {
      const longer = `${lines[lines.length - 1]} ${word}`.trim();
      if (context.measureText(longer).width < width - 40) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    context.fillStyle = "rgba(12,14,18,.9)";
    context.fillRect(0, height / 2 - 11 * lines.length - 10, width, 22 * lines.length + 20);
    context.fillStyle = "#fff";
    context.textBaseline = "middle";
    lines.forEach((line, n) => context.fillText(line, 20, height / 2 + 22 * (n - (lines.length - 1) / 2)));
  }

  drawShape(item) {
    const { context, zoom } = this, { color } = item, kind = KINDS[item.kind];
    if (kind.isMask) {
      if (!item.mask.image.naturalWidth) return; // the part could not be loaded
      const tint = tinted(item.mask, color), [left, top, width, height] = item.mask;
      const x = (width * zoom) / tint.width, y = (height * zoom) / tint.height;
      context.drawImage(tint.canvas, left * zoom - tint.edge * x, top * zoom - tint.edge * y,
        tint.canvas.width * x, tint.canvas.height * y);
      return;
    }
    const s = item.shape.map((value) => value * zoom);
    const path = new Path2D();
    kind.trace(path, s);
    if (kind.isDot) {
      this.stroke(path, "rgba(12,14,18,.6)", 5);
      this.stroke(path, "#fff", 3);
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
    this.stroke(path, "rgba(12,14,18,.55)", 4);
    this.stroke(path, color, 2);
    if (!kind.hasVertices) return;
    for (let i = 0; i + 1 < s.length; i += 2) {
      const dot = new Path2D();
      dot.arc(s[i], s[i + 1], 3, 0, 2 * Math.PI);
      this.stroke(dot, "rgba(12,14,18,.55)", 2);
      context.fillStyle = color;
      context.fill(dot);
    }
  }

  stroke(path, color, width) {
    const { context } = this;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.strokeStyle = color;
    context.stroke(path);
  }

  // The rectangle beside which a tag goes: left, top, right, bottom.
  boundsOf(item) {
    if (KINDS[item.kind].isMask) {
      const [left, top, width, height] = item.mask.slice(0, 4).map((v) => v * this.zoom);
      const x = left + width / 2, y = top + height / 2;
      return [x - 20, y, x + 20, y];
    }
    return KINDS[item.kind].bounds(item.shape.map((value) => value * this.zoom));
  }

  cut(text, width) {
    const { context } = this;
    if (context.measureText(text).width <= width) return text;
    let length = text.length;
    while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
    return `${text.slice(0, length)}…`;
  }

  drawTags(shown, width, height, hasAnswers) {
    const { context } = this;
    const bold = `600 ${TAG}px system-ui, sans-serif`, plain = `${TAG - 1}px system-ui, sans-serif`;
    const pad = 5, line = TAG + 6, placed = [];
    context.textBaseline = "middle";
    for (const item of shown) {
      const bounds = this.boundsOf(item);
      if (!bounds) continue;
      const { color, ink } = item;
      context.font = bold;
      const title = this.cut(item.name, width / 2), mark = item.isKey ? TAG : 0;
      let wide = context.measureText(title).width + mark;
      context.font = plain;
      const answers = hasAnswers ? item.answers : [];
      const lines = answers.map(([, words]) => this.cut(words.replace(/\s+/g, " "), width / 2.5));
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
      if (lines.length) this.box(x, y, wide, high, "rgba(12,14,18,.8)");
      this.box(x, y, wide, line, color);
      context.fillStyle = ink;
      if (item.isKey) this.diamond(x + pad + 4, y + line / 2, 4);
      context.font = bold;
      context.fillText(title, x + pad + mark, y + line / 2 + 0.5);
      context.font = plain;
      context.fillStyle = "#fff";
      lines.forEach((text, n) => context.fillText(text, x + pad, y + line * (n + 1.5)));
    }
  }

  box(x, y, width, height, color) {
    const { context } = this;
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(x, y, width, height, 3);
    context.fill();
  }

  diamond(x, y, size) {
    const { context } = this;
    context.beginPath();
    context.moveTo(x, y - size);
    context.lineTo(x + size, y);
    context.lineTo(x, y + size);
    context.lineTo(x - size, y);
    context.fill();
  }
}
