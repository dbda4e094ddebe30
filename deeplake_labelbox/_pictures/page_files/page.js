"use strict";
(async () => {
  const byId = (id) => document.getElementById(id);
  const index = await load("index");
  const drawing = new Drawing(byId("canvas"));
  const slider = byId("slider");
  const classes = new Map(index.classes.map((item) => [item.name, item]));
  const videos = new Map(index.videos.map((item, number) => [item.name, { ...item, number }]));
  const hiddenClasses = new Set(), hiddenTracks = new Set();
  const timeline = new Timeline(byId("timeline"), {
    go: (place) => { pause(); show(place); },
    toggle: (track) => flip(hiddenTracks, keyOf(track)),
    isOn: (track) => !hiddenClasses.has(track.c) && !hiddenTracks.has(keyOf(track)),
    isHidden: (track) => hiddenTracks.has(keyOf(track)),
    named: (track) => ({ name: nameOf(track), color: classOf(track.c).color }),
  });
  // The current view: a video with its timeline, one of its layers, its clips, and a frame.
  let video = null, layer = null, clips = null, at = 0;
  let annotator = "", answer = null; // of the filter
  let isPlaying = false, clock = 0, last = 0, opening = 0;

  const classOf = (name) => classes.get(name) || { name, color: "#8a94a6", ink: "#ffffff" };
  const nameOf = (track) => (track.i == null ? track.c : `${track.c} ${track.i}`);
  const keyOf = (track) => JSON.stringify([video.name, annotator, track.c, track.i]);
  const many = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : word.endsWith("s") ? "es" : "s"}`;

  function clockText(seconds) {
    const rest = (seconds % 60).toFixed(2).padStart(5, "0");
    return `${Math.floor(seconds / 60)}:${rest}`;
  }

  // ---- the frame ------------------------------------------------------------------------------

  function objectsIn(part, place) {
    const found = part.layers.length ? part.layers[layer.number][place - part.first] : [];
    return found.map(([track, isKey, value, answers]) => {
      const { c, t } = layer.tracks[track], { color, ink } = classOf(c), isMask = KINDS[t].isMask;
      return {
        track: layer.tracks[track], kind: t, name: nameOf(layer.tracks[track]), color, ink, isKey,
        mask: isMask ? part.masks[value] : null, shape: isMask ? null : value,
        answers: answers < 0 ? [] : part.answers[answers],
      };
    });
  }

  const isIn = (spans, number) => spans.some(([first, end]) => first <= number && number <= end);

  function isShown(item, number) {
    if (!timeline.isOn(item.track)) return false;
    if (!answer) return true;
    if (!answer.isOfObjects) return isIn(matches().spans, number);
    return item.answers.some(([question, words]) => question === answer.question && words === answer.words);
  }

  // Draw picture and labels of the frame, both at once, when they are ready.
  function draw() {
    const part = clips.partAt(at), canvas = byId("canvas"), number = video.numbers[at];
    canvas.setAttribute("aria-busy", String(!part));
    if (!part) {
      delete canvas.dataset.frame; // it shows an earlier frame
      return;
    }
    const objects = objectsIn(part, at);
    drawing.draw({
      size: part.sizes[at - part.first] || part.sizes[0],
      picture: part.pictures[at - part.first],
      message: part.failure,
      objects: objects.filter((item) => isShown(item, number)),
      hasNames: byId("names").checked,
      hasAnswers: byId("answers").checked,
    });
    canvas.dataset.frame = number;
    const words = [video.name, byId("where").textContent, part.failure];
    canvas.setAttribute("aria-label", words.filter(Boolean).join(", "));
    showDetails(objects, number);
  }

  function showDetails(objects, number) {
    const parts = [];
    if (!layer.isLabeled) {
      parts.push(make("p", { className: "nothing" }, "This video is not labeled."));
    } else {
      const current = layer.answers.flatMap(({ question, spans }) =>
        spans.filter((span) => isIn([span], number)).map((span) => [question, span[2]]));
      if (current.length) {
        parts.push(make("dl", {}, ...current.flatMap(([question, words]) =>
          [make("dt", {}, question), make("dd", {}, words)])));
      }
      if (objects.length) {
        parts.push(make("ul", { className: "objects" }, ...objects.map((item) => {
          const answers = item.answers.map(([question, words]) => `${question}: ${words}`);
          return make("li", { className: isShown(item, number) ? "" : "off" },
            make("i", { className: "chip", style: { background: item.color } }),
            make("span", {}, item.name, ...(item.isKey
              ? [" ", make("span", { role: "img", "aria-label": "key frame" }, "◆")] : [])),
            ...(answers.length ? [make("small", {}, answers.join(" · "))] : []));
        })));
      }
      if (!parts.length) parts.push(make("p", { className: "nothing" }, "Nothing in this frame."));
    }
    byId("details").replaceChildren(...parts);
  }

  function show(place) {
    at = Math.min(Math.max(place, 0), video.numbers.length - 1);
    const text = `frame ${video.numbers[at]} · ${clockText(video.times[at])}`;
    slider.value = at;
    slider.setAttribute("aria-valuetext", text);
    announce(text);
    timeline.move(at);
    draw();
    if (!isPlaying) writeAddress();
  }

  // Screen readers announce the frame, but not each one that is played, nor twice at the slider.
  function announce(text) {
    const isQuiet = isPlaying || document.activeElement === slider;
    byId("where").setAttribute("aria-live", isQuiet ? "off" : "polite");
    byId("where").textContent = text;
  }

  function refresh() {
    timeline.refresh();
    for (const button of byId("classes").children) {
      button.setAttribute("aria-pressed", String(!hiddenClasses.has(button.dataset.name)));
    }
    draw();
    writeAddress();
  }

  function flip(hidden, key) {
    if (!hidden.delete(key)) hidden.add(key);
    refresh();
  }

  // ---- filters --------------------------------------------------------------------------------

  // The frames with the chosen answer.
  function matches() {
    if (!answer) return null;
    const { question, words } = answer;
    const found = (answer.isOfObjects ? layer.objectAnswers : layer.answers)
      .filter((item) => item.question === question);
    const spans = found.flatMap((item) => item.spans.filter((span) => span[2] === words));
    return { text: `${question}: ${words}`, spans };
  }

  function buildAnswers() {
    const choices = [make("option", { value: "" }, "all answers")];
    for (const [isOfObjects, found] of [[false, layer.answers], [true, layer.objectAnswers]]) {
      for (const { question, spans } of found) {
        const distinct = [...new Set(spans.map((span) => span[2]))].sort();
        choices.push(make("optgroup", { label: question }, ...distinct.map((words) =>
          make("option", { value: JSON.stringify([question, words, isOfObjects]) }, words))));
      }
    }
    byId("answer").replaceChildren(...choices);
    byId("answer").value = answer ? JSON.stringify([answer.question, answer.words, answer.isOfObjects]) : "";
    if (byId("answer").selectedIndex < 0) { // this video has no such answer
      byId("answer").value = "";
      answer = null;
    }
    byId("answer").parentElement.hidden = choices.length < 2;
  }

  function readAnswer(text) {
    if (!text) return null;
    const [question, words, isOfObjects] = JSON.parse(text);
    return { question, words, isOfObjects };
  }

  // The layer of the chosen annotator, or the labels that count.
  function buildLabels() {
    const number = Math.max(index.layers.indexOf(annotator), 0);
    layer = { ...video.layers[number], number };
    buildAnswers();
    timeline.build(video.numbers, layer, matches());
    byId("key-jumps").hidden = !layer.tracks.some((track) => track.keys.length);
    byId("match-jumps").hidden = !answer;
    timeline.move(at);
  }

  function buildVideos() {
    const shown = index.videos.filter((item) => !annotator || item.annotators.includes(annotator));
    byId("video").replaceChildren(...shown.map((item) => {
      const note = item.isLabeled || !index.classes.length ? "" : " (not labeled)";
      return make("option", { value: item.name }, item.name + note);
    }));
    byId("chooser").hidden = index.videos.length < 2;
    return shown;
  }

  function jump(places, direction) {
    pause();
    const ahead = places.filter((place) => (place - at) * direction > 0);
    if (ahead.length) show(direction > 0 ? Math.min(...ahead) : Math.max(...ahead));
  }

  function jumpToKey(direction) {
    const numbers = layer.tracks.filter(timeline.isOn).flatMap((track) => track.keys);
    jump(numbers.map((number) => placeOf(video.numbers, number)), direction);
  }

  function jumpToMatch(direction) {
    if (answer) jump(matches().spans.map(([first]) => placeOf(video.numbers, first)), direction);
  }

  // ---- the address: video, frame and filters ---------------------------------------------------

  let written = "";
  function writeAddress() {
    const words = new URLSearchParams({ video: video.name, frame: video.numbers[at] });
    if (annotator) words.set("annotator", annotator);
    if (answer) words.set("answer", byId("answer").value);
    for (const name of hiddenClasses) words.append("off", name);
    written = `#${words}`;
    clearTimeout(writeAddress.timer);
    writeAddress.timer = setTimeout(() => history.replaceState(null, "", written), 100);
  }

  async function readAddress() {
    const words = new URLSearchParams(location.hash.slice(1));
    hiddenClasses.clear();
    for (const name of words.getAll("off")) if (classes.has(name)) hiddenClasses.add(name);
    const wanted = words.get("annotator") || "";
    annotator = [...byId("annotator").options].some((option) => option.value === wanted) ? wanted : "";
    byId("annotator").value = annotator;
    try {
      answer = readAnswer(words.get("answer"));
    } catch {
      answer = null;
    }
    const shown = buildVideos();
    const first = shown.find((item) => item.isLabeled) || shown[0];
    const name = shown.some((item) => item.name === words.get("video")) ? words.get("video") : first.name;
    await open(name, Number(words.get("frame")) || 0);
  }

  // ---- playing --------------------------------------------------------------------------------

  async function open(name, frame = 0) {
    pause();
    const turn = ++opening, found = videos.get(name);
    byId("video").value = name;
    let details;
    try {
      details = await load(`video-${found.number}`);
    } catch (error) {
      byId("details").replaceChildren(make("p", { className: "nothing", role: "alert" }, error.message));
      return;
    }
    if (turn !== opening) return; // the user has chosen another video
    if (clips) clips.close();
    video = { ...found, ...details };
    clips = new Clips(found.number, details.part, details.numbers.length, () => draw());
    at = placeOf(video.numbers, frame);
    slider.max = video.numbers.length - 1;
    byId("play").disabled = slider.disabled = video.numbers.length < 2;
    byId("link").hidden = !video.link;
    byId("link").href = video.link;
    byId("labeled-by").textContent = video.annotators.length ? `Labeled by ${video.annotators.join(", ")}` : "";
    buildLabels();
    show(at);
    refresh();
  }

  function pause() {
    const wasPlaying = isPlaying;
    isPlaying = false;
    if (wasPlaying) {
      writeAddress();
      announce(byId("where").textContent);
    }
    document.body.classList.remove("playing");
    byId("play").setAttribute("aria-label", "Play");
  }

  function play() {
    if (video.numbers.length < 2) return;
    if (at === video.numbers.length - 1) show(0);
    isPlaying = true;
    document.body.classList.add("playing");
    byId("play").setAttribute("aria-label", "Pause");
    clock = video.times[at];
    last = performance.now();
    requestAnimationFrame(tick);
  }

  function tick(now) {
    if (!isPlaying) return;
    // The clock stops while a part is not ready, so that no frame is skipped.
    if (clips.partAt(at)) clock += ((now - last) / 1000) * Number(byId("speed").value);
    last = now;
    let next = at;
    while (next + 1 < video.numbers.length && video.times[next + 1] <= clock) next++;
    if (next !== at) {
      show(next);
      if (!clips.partAt(at)) clock = video.times[at];
    }
    if (at === video.numbers.length - 1) pause();
    else requestAnimationFrame(tick);
  }

  const step = (count) => { pause(); show(at + count); };
  const KEYS = {
    ArrowLeft: (event) => step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => step(event.shiftKey ? 10 : 1),
    Home: () => step(-Infinity),
    End: () => step(Infinity),
    "[": () => jumpToKey(-1),
    "]": () => jumpToKey(1),
    p: () => jumpToMatch(-1),
    n: () => jumpToMatch(1),
    " ": () => (isPlaying ? pause() : play()),
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return;
    if (event.key === " " && event.target.closest("button, a, input[type=checkbox]")) return;
    if (!Object.hasOwn(KEYS, event.key)) return;
    KEYS[event.key](event);
    event.preventDefault();
  }

  // ---- start ----------------------------------------------------------------------------------

  const total = index.videos.reduce((sum, item) => sum + item.rows, 0);
  const words = [many(index.videos.length, "video"), many(total, "frame")];
  if (index.classes.length) words.push(many(index.classes.length, "class"));
  if (index.leftOut) words.push(`${many(index.leftOut, "video")} left out`);
  byId("subtitle").textContent = words.join(" · ");
  byId("classes-card").hidden = !index.classes.length;
  byId("timeline-card").hidden = byId("about-timeline").hidden =
    !index.classes.length && !index.videos.some((item) => item.isLabeled);
  for (const item of index.classes) {
    const button = make("button", { title: `Show or hide ${item.name}` },
      make("i", { className: "chip", style: { background: item.color } }), make("span", {}, item.name));
    button.dataset.name = item.name;
    button.onclick = () => flip(hiddenClasses, item.name);
    byId("classes").append(button);
  }
  const annotators = [...new Set(index.videos.flatMap((item) => item.annotators))].sort();
  byId("annotator").append(...["", ...annotators].map((name) =>
    make("option", { value: name }, name || "all annotators")));
  byId("annotator").parentElement.hidden = annotators.length < 2;
  byId("annotator").onchange = () => {
    annotator = byId("annotator").value;
    const shown = buildVideos();
    const same = shown.some((item) => item.name === video.name);
    open(same ? video.name : shown[0].name, same ? video.numbers[at] : 0);
  };
  byId("answer").onchange = () => {
    answer = readAnswer(byId("answer").value);
    buildLabels();
    refresh();
  };
  byId("video").onchange = () => open(byId("video").value);
  slider.oninput = () => { pause(); show(Number(slider.value)); };
  byId("play").onclick = () => (isPlaying ? pause() : play());
  byId("back").onclick = () => step(-1);
  byId("next").onclick = () => step(1);
  byId("key-back").onclick = () => jumpToKey(-1);
  byId("key-next").onclick = () => jumpToKey(1);
  byId("match-back").onclick = () => jumpToMatch(-1);
  byId("match-next").onclick = () => jumpToMatch(1);
  byId("names").onchange = byId("answers").onchange = () => draw();
  document.addEventListener("keydown", onKey);
  await readAddress();
  window.addEventListener("hashchange", () => { if (location.hash !== written) readAddress(); });
  new ResizeObserver(() => draw()).observe(byId("canvas").parentElement);
})();
