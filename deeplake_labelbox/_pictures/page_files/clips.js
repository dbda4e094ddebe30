"use strict";

// Load data by its name: from an element of this page, or else from its server.
async function load(name) {
  const element = document.getElementById(name);
  if (element) return JSON.parse(element.textContent);
  let answer;
  try {
    answer = await fetch(`${name}.json`);
  } catch {
    throw new Error("The command that shows this page has ended; start it again.");
  }
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
  return bytes;
}

// Decode the frames of a part to bitmaps. The timestamp of a packet is the index of its frame, so
// each decoded picture identifies its frame.
async function decodePictures(part) {
  if (typeof VideoDecoder === "undefined") {
    throw new Error("This browser cannot show single frames. Open the page in a current Chrome, Edge, Firefox or Safari.");
  }
  const config = { codec: part.codec, codedWidth: part.size[0], codedHeight: part.size[1] };
  if (!(await VideoDecoder.isConfigSupported(config)).supported) {
    throw new Error("This browser cannot play H.264. Open the page in Chrome, Edge, Firefox or Safari.");
  }
  const pictures = [], waiting = [];
  const decoder = new VideoDecoder({
    output(frame) {
      const index = frame.timestamp;
      const copied = createImageBitmap(frame).then((picture) => { pictures[index] = picture; });
      waiting.push(copied.finally(() => frame.close()));
    },
    error() {}, // flush rejects with the same error
  });
  decoder.configure(config);
  const bytes = bytesOf(part.clip);
  let start = 0;
  for (const [index, size] of part.packets) {
    const data = bytes.subarray(start, start + size);
    decoder.decode(new EncodedVideoChunk({ type: start ? "delta" : "key", timestamp: index, data }));
    start += size;
  }
  await decoder.flush();
  decoder.close();
  await Promise.all(waiting);
  return pictures;
}

async function loadMask(mask) {
  mask.image = new Image();
  mask.image.src = `data:image/png;base64,${mask[4]}`;
  await mask.image.decode();
}

// The parts of a video around the shown frame: labels and pictures, ready to draw.
class Clips {
  constructor(number, length, count, whenReady) {
    Object.assign(this, { number, length, count, whenReady });
    this.parts = new Map();
    this.wanted = 0;
    this.isBusy = this.isClosed = false;
  }

  // Return the part with a frame, or null until it is ready; this also requests it.
  partAt(place) {
    this.wanted = Math.floor(place / this.length);
    this.prepare();
    return this.parts.get(this.wanted) || null;
  }

  close() {
    this.isClosed = true;
    for (const number of [...this.parts.keys()]) this.drop(number);
  }

  drop(number) {
    for (const picture of this.parts.get(number).pictures) if (picture) picture.close();
    this.parts.delete(number);
  }

  nextMissing() {
    const last = Math.ceil(this.count / this.length) - 1;
    return [this.wanted, this.wanted + 1].find((n) => n <= last && !this.parts.has(n));
  }

  // Prepare one part after the other, each time the one that is needed most.
  async prepare() {
    if (this.isBusy) return;
    this.isBusy = true;
    for (let next; !this.isClosed && (next = this.nextMissing()) !== undefined;) {
      const part = await this.read(next);
      this.parts.set(next, part);
      for (const number of [...this.parts.keys()]) {
        if (this.isClosed || Math.abs(number - this.wanted) > 1) this.drop(number);
      }
      if (!this.isClosed) this.whenReady();
    }
    this.isBusy = false;
  }

  async read(number) {
    const part = { first: number * this.length, layers: [], masks: [], answers: [], sizes: [[16, 9]], pictures: [] };
    try {
      Object.assign(part, await load(`part-${this.number}-${number}`));
      await Promise.all(part.masks.map(loadMask));
      part.pictures = await decodePictures(part);
    } catch (error) {
      part.failure = error.message;
    }
    part.clip = null;
    return part;
  }
}
