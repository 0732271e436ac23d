// The studio's page: hands photos over, shows what was found, fetches what was covered.
// Names of photos stay in this browser; the server never stores them.

const texts = JSON.parse(document.body.dataset.texts);
const uploadLimit = Number(document.body.dataset.limit);
const language = document.documentElement.lang;
const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

const POLL_MS = 500;
const SHOWN_BY_BROWSERS = /^image\/(jpeg|png|webp|gif|avif|bmp)$/;
const NAMES = "veil-names";

const find = (selector, root = document) => root.querySelector(selector);
const t = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const percent = (share) => (share < 0.01 ? "<1" : Math.round(share * 100));
const count = (key, n) => t(`${key}.${plural.select(n) === "one" ? "one" : "other"}`, { n: numbers.format(n) });

// ---- talking to the server

class Problem extends Error {
  constructor(kind, detail = "") {
    super(detail);
    this.kind = kind;
  }

  get sentence() {
    return texts[`error.${this.kind}`] ?? texts["error.internal"];
  }
}

async function ask(path, options = {}) {
  const headers = { Accept: "application/json" };
  const response = await fetch(path, { headers, cache: "no-store", ...options }).catch((error) => {
    throw options.signal?.aborted ? error : new Problem("network");
  });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Problem(told.kind ?? "internal", told.detail);
}

function upload(file, profile, signal, progressed) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/photos?profile=${profile}`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    let sent = false;
    request.upload.onload = () => (sent = true);
    request.upload.onprogress = (event) => event.lengthComputable && progressed(event.loaded / event.total);
    request.onload = () => {
      if (request.status === 201) return resolve(request.response);
      const tooLarge = request.status === 413 ? "too-large" : "internal";
      reject(new Problem(request.response?.kind ?? tooLarge, request.response?.detail));
    };
    request.onerror = () => reject(new Problem("network"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    // Once the server has it all, only its answer tells which photo to delete.
    signal.addEventListener("abort", () => sent || request.abort());
    request.send(file);
  });
}

/** Returns a function that runs tasks, so many side by side. */
function lane(width) {
  const waiting = [];
  let running = 0;
  const next = () => {
    if (running >= width || !waiting.length) return;
    running += 1;
    const { task, resolve, reject } = waiting.shift();
    task().then(resolve, reject).finally(() => {
      running -= 1;
      next();
    });
  };
  return (task) => new Promise((resolve, reject) => {
    waiting.push({ task, resolve, reject });
    next();
  });
}

const uploading = lane(2);
const showing = lane(2);

// ---- settings

const settings = find("#settings");
const chosen = (name) => new FormData(settings).get(name);

function coverQuery() {
  const query = new URLSearchParams({ style: chosen("style") });
  if (chosen("style") === "solid") query.set("color", chosen("color").slice(1));
  return query.toString();
}

function applySettings() {
  document.body.classList.toggle("no-boxes", !find("#boxes").checked);
  document.body.style.setProperty("--chosen-color", chosen("color"));
  find("#style-more").textContent = find(`#style-${chosen("style")}-more`).textContent;
  for (const photo of photos) photo.refresh();
}

// ---- names, which only this browser knows

const names = {
  all: () => JSON.parse(sessionStorage.getItem(NAMES) ?? "{}"),
  keep(id, name) {
    sessionStorage.setItem(NAMES, JSON.stringify({ ...names.all(), [id]: name }));
  },
  forget(id) {
    const { [id]: gone, ...rest } = names.all();
    sessionStorage.setItem(NAMES, JSON.stringify(rest));
  },
};

// ---- one photo

class Photo {
  constructor(name, id = null) {
    this.name = name;
    this.id = id;
    this.phase = "uploading";
    this.facts = null;
    this.shown = null; // the query whose covered preview is on the page
    this.wanted = null; // the one that is being fetched
    this.turn = 0;
    this.visible = false;
    this.leaving = new AbortController();
    this.card = find("#card").content.firstElementChild.cloneNode(true);
    this.card.photo = this;
    this.part = (selector) => find(selector, this.card);
    this.part(".name").textContent = name;
    this.part(".delete").addEventListener("click", () => this.remove());
    this.part(".enlarge").addEventListener("click", () => this.enlarge());
    this.part(".download").addEventListener("click", (event) => this.download(event));
    this.call(".download", t("card.download"));
    this.call(".enlarge", t("card.enlarge"));
    compare(this.part(".compare"), this.part(".divider"));
    find("#cards").append(this.card);
    onScreen.observe(this.card);
    this.become("uploading");
  }

  get pending() {
    return ["uploading", "waiting", "looking"].includes(this.phase);
  }

  get resultPath() {
    return `/photos/${this.id}/result?${coverQuery()}`;
  }

  get resultName() {
    return `${this.name.replace(/\.[^.]*$/, "")}.veiled${this.facts.extension}`;
  }

  become(phase) {
    this.phase = phase;
    this.card.dataset.phase = phase;
    if (this.pending) this.part(".step").textContent = t(`card.${phase}`);
    if (phase !== "uploading") this.part("progress").removeAttribute("value");
    this.call(".delete", t(this.pending ? "card.cancel" : "card.delete"));
    summarise();
  }

  /** Names a button, for eyes and for screen readers, which also hear whose button it is. */
  call(selector, action) {
    const button = this.part(selector);
    find("span", button).textContent = action;
    button.title = action;
    button.setAttribute("aria-label", `${action}: ${this.name}`);
  }

  async send(file) {
    if (file.size > uploadLimit) return this.fail(new Problem("too-large"));
    if (SHOWN_BY_BROWSERS.test(file.type)) this.glimpse(file);
    const profile = chosen("profile");
    try {
      const facts = await uploading(() => {
        this.leaving.signal.throwIfAborted();
        return upload(file, profile, this.leaving.signal, (share) => (this.part("progress").value = share));
      });
      if (this.leaving.signal.aborted) return ask(`/photos/${facts.id}`, { method: "DELETE" });
      this.id = facts.id;
      names.keep(this.id, this.name);
      this.become(facts.phase === "ready" || facts.phase === "failed" ? "looking" : facts.phase);
      poll();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Shows the file itself, dimmed, while it is worked on. */
  glimpse(file) {
    const image = new Image();
    image.className = "glimpse";
    image.alt = "";
    image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(file);
    this.part(".stage").prepend(image);
  }

  async learn() {
    try {
      const facts = await (await ask(`/photos/${this.id}`, { signal: this.leaving.signal })).json();
      if (facts.problem) throw new Problem(facts.problem.kind, facts.problem.detail);
      if (facts.phase !== "ready") return;
      this.facts = facts;
      this.tell();
      this.become("ready");
      announce(t("live.ready", { name: this.name, result: this.part(".result").textContent }));
      this.refresh();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Says in words and boxes what was found. */
  tell() {
    const { picture, covered, drawn, suggested, nothing_found: nothing } = this.facts;
    const parts = [count("card.covered", covered + drawn)];
    if (suggested) parts.push(count("card.doubtful", suggested));
    let result = parts.join(t("card.comma"));
    if (picture.frames > 1) result = t("card.frames", { covered: result, frames: numbers.format(picture.frames) });
    this.part(".result").textContent = nothing ? t("card.nothing") : result;
    this.part(".note").textContent = nothing ? t("card.nothing.more") : suggested ? count("card.review", suggested) : "";
    this.card.dataset.verdict = nothing ? "nothing" : suggested ? "review" : "good";
    this.part(".meta").textContent = `${picture.width} × ${picture.height} · ${picture.format.toUpperCase()}`;
    this.card.style.setProperty("--ratio", picture.width / picture.height);
    this.drawBoxes();
  }

  drawBoxes() {
    const { picture, regions } = this.facts;
    const overlay = this.part(".overlay");
    const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
    overlay.setAttribute("viewBox", `0 0 ${picture.width} ${picture.height}`);
    const first = regions.filter((region) => !region.frames || region.frames[0] === 0);
    overlay.setAttribute("aria-label", count("card.overlay", first.length));
    for (const { box: [left, top, right, bottom], state, score } of first) {
      const label = t(`card.region.${state}`, { score: percent(score ?? 1) });
      const group = svg("g");
      const title = svg("title");
      group.setAttribute("class", state);
      title.textContent = label;
      group.append(title);
      for (const layer of ["halo", "line"]) {
        const rect = svg("rect");
        rect.setAttribute("class", layer);
        for (const [key, value] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top })) {
          rect.setAttribute(key, value);
        }
        group.append(rect);
      }
      overlay.append(group);
      if (state === "suggested") this.tag(score, left / picture.width, top / picture.height);
    }
  }

  /** Writes a doubtful place's score beside it. */
  tag(score, left, top) {
    const tag = document.createElement("span");
    const chance = document.createElement("span");
    tag.className = "tag";
    chance.className = "score";
    chance.textContent = ` ${percent(score)} %`;
    tag.append("?", chance);
    tag.setAttribute("aria-hidden", "true");
    tag.style.left = `${Math.min(Math.max(left, 0), 0.9) * 100}%`;
    tag.style.top = `${Math.max(top, 0.06) * 100}%`;
    this.part(".overlay").after(tag);
  }

  /** Brings the covered preview up to date with the settings, if anybody can see it. */
  async refresh() {
    if (this.phase !== "ready") return;
    const query = coverQuery();
    const link = this.part(".download");
    link.href = this.resultPath;
    link.download = this.resultName;
    if (!this.visible || query === (this.wanted ?? this.shown)) return;
    this.wanted = query;
    const turn = (this.turn += 1); // the same query may come again while its first turn still runs
    const current = () => this.turn === turn;
    this.card.classList.add("covering");
    try {
      if (!this.shown) await this.show(".before", `/photos/${this.id}/original`, current);
      await showing(async () => current() && this.show(".after", `/photos/${this.id}/covered?${query}`, current));
      if (!current()) return;
      this.shown = query;
      this.wanted = null;
      this.part(".compare").hidden = false;
      this.card.dataset.shown = query;
      this.card.classList.remove("covering");
      this.part(".glimpse")?.remove();
    } catch (error) {
      if (current()) this.fail(error);
    }
  }

  /** Fetches a picture and shows it, unless another one is wanted meanwhile. */
  async show(selector, path, current) {
    const picture = await (await ask(path, { signal: this.leaving.signal })).blob();
    if (!current()) return;
    const image = this.part(selector);
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(picture);
    await image.decode();
  }

  /** Has the result made, so that a failure is told here and not by an empty download. */
  async prepare() {
    await ask(this.resultPath, { method: "HEAD", signal: this.leaving.signal });
  }

  async download(event) {
    const link = this.part(".download");
    if (link.dataset.prepared === this.resultPath) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy")) return;
    const path = this.resultPath;
    link.setAttribute("aria-busy", "true");
    this.call(".download", t("card.preparing"));
    try {
      await this.prepare();
      link.dataset.prepared = path;
      link.click();
    } catch (error) {
      this.fail(await this.reason(error));
    } finally {
      delete link.dataset.prepared;
      link.removeAttribute("aria-busy");
      this.call(".download", t("card.download"));
    }
  }

  /** An answer to HEAD has no words; asks again for them. */
  async reason(error) {
    if (error.kind !== "internal") return error;
    return ask(this.resultPath).then(() => error, (told) => told);
  }

  fail(error) {
    if (error.name === "AbortError") return;
    const problem = error instanceof Problem ? error : new Problem("internal");
    this.part(".result").textContent = t("card.failed");
    this.part(".note").textContent = problem.sentence;
    this.part(".details").hidden = !problem.message;
    this.part(".details p").textContent = problem.message;
    this.part(".compare").hidden = true;
    this.part(".glimpse")?.remove();
    this.card.dataset.verdict = "failed";
    this.become("failed");
    announce(t("live.ready", { name: this.name, result: problem.sentence }));
  }

  enlarge() {
    const large = this.card.classList.toggle("large");
    this.call(".enlarge", t(large ? "card.shrink" : "card.enlarge"));
    this.card.scrollIntoView({ block: "nearest" });
  }

  async remove() {
    const next = this.card.nextElementSibling ?? this.card.previousElementSibling;
    this.drop();
    (next ? find(".delete", next) : find("#choose")).focus();
    announce(t("live.deleted", { name: this.name }));
    if (this.id) await ask(`/photos/${this.id}`, { method: "DELETE" }).catch(() => null);
  }

  drop() {
    this.leaving.abort();
    for (const image of this.card.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    onScreen.unobserve(this.card);
    this.card.remove();
    photos.delete(this);
    if (this.id) names.forget(this.id);
    summarise();
  }
}

const photos = new Set();
const onScreen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      target.photo.visible = isIntersecting;
      if (isIntersecting) target.photo.refresh();
    }
  },
  { rootMargin: "600px" },
);

let polling = false;

async function poll() {
  if (polling) return;
  polling = true;
  const asked = () => [...photos].filter((photo) => photo.id && photo.pending);
  while (asked().length) {
    try {
      const known = await (await ask("/photos")).json();
      const phases = new Map(known.photos.map(({ id, phase }) => [id, phase]));
      for (const photo of asked()) {
        const phase = phases.get(photo.id) ?? "failed";
        if (phase === "ready" || phase === "failed") await photo.learn();
        else if (phase !== photo.phase) photo.become(phase);
      }
    } catch (error) {
      for (const photo of asked()) photo.fail(error);
    }
    if (asked().length) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  polling = false;
}

// ---- before and after

/** Lets mouse, touch and keyboard move the divider between the original (left) and the covered photo (right). */
function compare(figure, divider) {
  const set = (percent) => {
    const at = Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
    figure.style.setProperty("--at", `${at}%`);
    divider.setAttribute("aria-valuenow", Math.round(at));
    divider.setAttribute("aria-valuetext", t("card.divider.value", { n: Math.round(at) }));
  };
  const follow = (event) => {
    const { left, width } = figure.getBoundingClientRect();
    set(((event.clientX - left) / width) * 100);
  };
  figure.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    figure.setPointerCapture(event.pointerId);
    follow(event);
    divider.focus({ preventScroll: true });
    event.preventDefault();
  });
  figure.addEventListener("pointermove", (event) => figure.hasPointerCapture(event.pointerId) && follow(event));
  divider.addEventListener("keydown", (event) => {
    const now = Number(divider.getAttribute("aria-valuenow"));
    const moves = { ArrowLeft: now - 2, ArrowDown: now - 2, ArrowRight: now + 2, ArrowUp: now + 2 };
    const places = { ...moves, PageDown: now - 10, PageUp: now + 10, Home: 0, End: 100 };
    if (!(event.key in places)) return;
    set(places[event.key]);
    event.preventDefault();
  });
  set(50);
}

// ---- all photos

let said = "";

function announce(sentence) {
  // Several photos may be done at once: what comes within a moment is said together.
  if (!said) {
    setTimeout(() => {
      find("#live").textContent = said;
      said = "";
    }, 300);
  }
  said = said ? `${said} ${sentence}` : sentence;
}

function summarise() {
  const all = [...photos];
  document.body.classList.toggle("has-photos", all.length > 0);
  const working = all.filter((photo) => photo.pending).length;
  const review = all.filter((photo) => photo.phase === "ready" && photo.facts.wants_review).length;
  const failed = all.filter((photo) => photo.phase === "failed").length;
  const parts = [["all", count("all.photos", all.length)]];
  if (working) parts.push(["working", count("all.working", working)]);
  if (review) parts.push(["review", count("all.review", review)]);
  if (failed) parts.push(["failed", count("all.failed", failed)]);
  find("#summary").replaceChildren(
    ...parts.map(([kind, text]) => Object.assign(document.createElement("span"), { className: kind, textContent: text })),
  );
  find("#download-all").disabled = !all.some((photo) => photo.phase === "ready");
}

function add(files) {
  const fresh = files.map((file) => {
    const photo = new Photo(file.name || t("card.photo"));
    photos.add(photo);
    return [photo, file];
  });
  summarise();
  for (const [photo, file] of fresh) photo.send(file);
}

async function downloadAll() {
  const button = find("#download-all");
  const label = find("span", button);
  const ready = [...photos].filter((photo) => photo.phase === "ready");
  const packed = [];
  button.setAttribute("aria-busy", "true");
  for (const [index, photo] of ready.entries()) {
    label.textContent = t("all.preparing", { done: index + 1, total: ready.length });
    try {
      await photo.prepare();
      packed.push(photo);
    } catch (error) {
      photo.fail(await photo.reason(error));
    }
  }
  label.textContent = t("all.download");
  button.removeAttribute("aria-busy");
  if (packed.length === 1) packed[0].part(".download").click();
  else if (packed.length) submitZip(packed);
}

function submitZip(packed) {
  const form = Object.assign(document.createElement("form"), { method: "post", hidden: true });
  form.action = `/photos.zip?${coverQuery()}`;
  for (const photo of packed) {
    for (const [name, value] of [["id", photo.id], ["name", photo.resultName]]) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
  }
  document.body.append(form);
  form.submit();
  form.remove();
}

async function deleteAll() {
  for (const photo of [...photos]) photo.drop();
  announce(t("live.all-deleted"));
  find("#choose").focus();
  await ask("/photos", { method: "DELETE" }).catch(() => null);
}

/** Shows the photos of this browser session again after the page was loaded anew. */
async function restore() {
  const known = await (await ask("/photos")).json();
  const kept = names.all();
  for (const { id, phase } of known.photos) {
    const photo = new Photo(kept[id] ?? t("card.photo"), id);
    photos.add(photo);
    photo.become(phase === "waiting" ? phase : "looking");
  }
  poll();
}

// ---- ways in

/** Returns the files in what was dropped, those in folders included. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const inside = async (entry) => {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) break;
      found.push(...some);
    }
    return (await Promise.all(found.filter((one) => !one.name.startsWith(".")).map(inside))).flat();
  };
  return (await Promise.all(entries.map(inside))).flat();
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
const catcher = find("#catch");

addEventListener("dragenter", (event) => {
  if (carriesFiles(event)) catcher.hidden = false;
});
addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) catcher.hidden = true;
});
addEventListener("drop", async (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  catcher.hidden = true;
  add(await dropped(event.dataTransfer));
});
addEventListener("paste", (event) => add([...event.clipboardData.files]));

find("#drop").addEventListener("click", () => find("#files").click());
find("#files").addEventListener("click", (event) => event.stopPropagation());
find("#files").addEventListener("change", (event) => {
  add([...event.target.files]);
  event.target.value = "";
});
settings.addEventListener("change", (event) => {
  if (event.target.name === "color") find("#style-solid").checked = true;
  applySettings();
});
settings.addEventListener("submit", (event) => event.preventDefault());
find("#download-all").addEventListener("click", downloadAll);
find("#delete-all").addEventListener("click", deleteAll);

applySettings();
restore().catch(() => null);
