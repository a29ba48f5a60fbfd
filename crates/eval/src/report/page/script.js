"use strict";
// The documents of the page: filters, search, and moves between documents and edits. Everything above
// the documents works without this. Text only ever becomes text nodes, never markup.
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const sets = JSON.parse(one("#data").textContent);
  const findings = {
    lost_document: "read well, emptied", hole_in_prose: "hole in prose", lost_heading: "heading lost",
    cut_code: "code cut", cut_table: "table cut",
  };
  const sideNames = ["both", "first", "second"];
  const state = { set: 0, outcomes: new Set(), shown: [], at: -1, edit: -1, edits: [], side: "both" };

  const size = (bytes) => {
    for (const [unit, of] of [["MB", 1e6], ["kB", 1e3]]) if (bytes >= of) return (bytes / of).toFixed(1) + " " + unit;
    return bytes + " B";
  };
  const share = (shown) => (shown.bytes ? shown.gone / shown.bytes : 0);
  const percent = (part) => (100 * part).toFixed(1) + " %";
  const leastScore = (shown) => Math.min(2, ...shown.marks.filter((mark) => mark !== null));
  const deletedText = (shown) => shown.pieces.filter((_, at) => at % 2 === 1).join("\n");

  // What can be chosen from.
  function outcomes() {
    const group = one("#outcomes");
    group.replaceChildren();
    const counts = {};
    for (const shown of sets[state.set].documents) counts[shown.outcome] = (counts[shown.outcome] || 0) + 1;
    state.outcomes = new Set(Object.keys(counts));
    for (const name of ["edited", "emptied", "kept", "dropped", "differs"].filter((name) => counts[name])) {
      const button = make("button", "chip " + name, `${name} ${counts[name]}`);
      button.type = "button";
      button.dataset.outcome = name;
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        const on = !state.outcomes.delete(name);
        if (on) state.outcomes.add(name);
        button.setAttribute("aria-pressed", String(on));
        filter();
      });
      group.append(button);
    }
    const select = one("#finding");
    select.replaceChildren(new Option("any or none", ""));
    for (const [name, title] of Object.entries(findings)) {
      const count = sets[state.set].documents.filter((shown) => has(shown, name)).length;
      if (count) select.append(new Option(`${title} (${count})`, name));
    }
  }
  const has = (shown, finding) => shown.findings.some(([kind]) => kind === finding);

  const orders = {
    share: (a, b) => share(b) - share(a),
    long: (a, b) => b.bytes - a.bytes,
    score: (a, b) => leastScore(a) - leastScore(b),
  };

  function filter() {
    const words = one("#search").value.toLowerCase();
    const finding = one("#finding").value;
    const deleted = one("#only-deleted").checked;
    const matches = (shown) => {
      if (!state.outcomes.has(shown.outcome) || (finding && !has(shown, finding))) return false;
      if (!words) return true;
      const text = deleted ? deletedText(shown) : [shown.id, shown.url || "", shown.pieces.join("")].join("\n");
      return text.toLowerCase().includes(words);
    };
    state.shown = sets[state.set].documents.filter(matches);
    const order = orders[one("#order").value];
    if (order) state.shown.sort(order);
    const total = sets[state.set].documents.length;
    one("#count").textContent = `${state.shown.length} of ${total} sampled documents`;
    list();
    open(state.shown.length ? 0 : -1);
  }

  function list() {
    one("#list").replaceChildren(...state.shown.map((shown, at) => {
      const button = make("button");
      button.type = "button";
      button.append(make("span", "name", shown.id));
      const more = make("span", "more");
      more.append(make("span", "chip " + shown.outcome, shown.outcome), percent(share(shown)), " of ", size(shown.bytes));
      if (shown.findings.length) more.append(make("span", "flag", `${shown.findings.length} to look at`));
      button.append(more);
      button.addEventListener("click", () => open(at));
      const item = make("li");
      item.append(button);
      return item;
    }));
  }

  // One document.
  function open(at, lastEdit = false) {
    state.at = at;
    const buttons = all("#list button");
    buttons.forEach((button, place) => {
      if (place === at) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    if (buttons[at]) inView(one("#list"), buttons[at]);
    const shown = state.shown[at];
    one("#about").replaceChildren(...(shown ? about(shown) : [make("span", "quiet", "No document matches.")]));
    one("#text").replaceChildren(...(shown ? [diff(shown)] : []));
    one("#text").scrollTop = 0;
    state.edits = edits();
    state.edit = -1;
    if (lastEdit) edit(state.edits.length - 1);
    else if (one("#finding").value) finding(one("#finding").value);
    place();
  }

  function about(shown) {
    const lines = [make("strong", "", shown.id)];
    const number = shown.outcome === "dropped" ? "dropped document" : "document";
    const of = `${shown.outcome}${shown.reason ? ` (${shown.reason})` : ""}`;
    const more = [of, `${percent(share(shown))} of ${size(shown.bytes)} deleted`, `${shown.shard}, ${number} ${shown.row}`, ...shown.facts];
    if (shown.url) more.push(shown.url);
    if (shown.clipped) more.push("only its beginning is shown");
    lines.push(make("div", "quiet", more.join(" · ")));
    const counts = {};
    for (const [kind] of shown.findings) counts[kind] = (counts[kind] || 0) + 1;
    const flags = Object.entries(counts).map(([kind, count]) => make("span", "flag", `${findings[kind]} × ${count}`));
    if (flags.length) {
      const line = make("div");
      line.append(...flags);
      lines.push(line);
    }
    return lines;
  }

  // The lines of a document: each a list of { text, edit } where edit is -1 for what stays.
  function linesOf(shown) {
    const lines = [[]];
    shown.pieces.forEach((piece, at) => {
      const gone = at % 2 === 1 ? (at - 1) / 2 : -1;
      piece.split("\n").forEach((text, part) => {
        if (part > 0) {
          lines[lines.length - 1].ended = gone;
          lines.push([]);
        }
        if (text) lines[lines.length - 1].push({ text, edit: gone });
      });
    });
    const last = lines[lines.length - 1];
    if (!last.length && lines.length > 1) lines.pop();
    return lines;
  }

  function diff(shown) {
    const table = make("table", "diff");
    table.append(make("caption", "skip", "Lines before and after"));
    const head = make("thead");
    const names = make("tr");
    const titles = sets[state.set].compares ? ["before: struck by the first (red), the second (violet), both (grey)", "left by both"] : ["before", "after"];
    for (const [name, title] of [["no", "line"], ["before", titles[0]], ["after", titles[1]]]) {
      const cell = make("th", name, title);
      cell.scope = "col";
      names.append(cell);
    }
    head.append(names);
    const body = make("tbody");
    const found = new Map(shown.findings.filter(([kind]) => kind !== "lost_document").map(([kind, line]) => [line, kind]));
    const words = one("#search").value.toLowerCase();
    const begun = new Set();
    linesOf(shown).forEach((line, at) => {
      const row = make("tr");
      const stays = line.filter((part) => part.edit < 0);
      if (line.length && !stays.length) row.className = "all";
      else if (!line.length && line.ended >= 0) row.className = "all";
      if (found.has(at + 1)) {
        row.classList.add("found");
        row.dataset.finding = found.get(at + 1);
        row.title = findings[found.get(at + 1)];
      }
      const number = make("td", "no");
      if (shown.lines) number.append(scoreOf(shown.lines[at]));
      number.append(String(at + 1));
      const before = make("td", "before");
      for (const part of line) before.append(...(part.edit < 0 ? marked(part.text, words) : [struck(shown, part, words, begun)]));
      const after = make("td", "after");
      for (const part of stays) after.append(...marked(part.text, words));
      row.append(number, before, after);
      body.append(row);
    });
    table.append(head, body);
    return table;
  }

  function scoreOf(score) {
    const shown = make("i", "", score === undefined ? "" : (score / 1000).toFixed(2));
    shown.title = "score of the line";
    return shown;
  }

  function struck(shown, part, words, begun) {
    const element = make("del");
    element.dataset.edit = String(part.edit);
    element.append(...marked(part.text, words));
    const mark = shown.marks[part.edit];
    if (sets[state.set].compares) {
      element.classList.add(sideNames[mark]);
      element.title = ["both delete", "only the first deletes", "only the second deletes"][mark];
    } else if (mark !== null && !begun.has(part.edit)) {
      element.dataset.score = mark.toFixed(2);
      element.title = `score ${mark}`;
    }
    begun.add(part.edit);
    return element;
  }

  // Text nodes, what was searched for marked.
  function marked(text, words) {
    if (!words) return [document.createTextNode(text)];
    const lower = text.toLowerCase();
    if (lower.length !== text.length) return [document.createTextNode(text)];
    const parts = [];
    let next = 0;
    for (let at = lower.indexOf(words); at >= 0; at = lower.indexOf(words, next)) {
      parts.push(document.createTextNode(text.slice(next, at)), make("mark", "", text.slice(at, at + words.length)));
      next = at + words.length;
    }
    parts.push(document.createTextNode(text.slice(next)));
    return parts;
  }

  // Moves.
  function edits() {
    const found = new Map();
    for (const element of all("#text del")) {
      const key = element.dataset.edit;
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(element);
    }
    return [...found.values()];
  }

  function edit(at) {
    for (const element of all("#text del.current")) element.classList.remove("current");
    state.edit = at;
    for (const element of state.edits[at] || []) element.classList.add("current");
    if (state.edits[at]) inView(one("#text"), state.edits[at][0]);
    place();
  }

  // Goes to the first place of an alarm.
  function finding(kind) {
    const row = one(`#text tr[data-finding="${kind}"]`);
    const gone = row && one("del", row);
    if (gone) edit(state.edits.findIndex((elements) => elements.includes(gone)));
    if (row) inView(one("#text"), row);
  }

  // Scrolls only the box, never the page.
  function inView(box, element) {
    const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
    if (inner.top < outer.top + 30 || inner.bottom > outer.bottom - 10) {
      box.scrollTop += inner.top - outer.top - outer.height / 3;
    }
  }

  function nextEdit() {
    if (state.edit + 1 < state.edits.length) return edit(state.edit + 1);
    for (let at = state.at + 1; at < state.shown.length; at += 1) {
      if (state.shown[at].marks.length) {
        open(at);
        if (state.edits.length) return edit(0);
      }
    }
  }

  function previousEdit() {
    if (state.edit > 0) return edit(state.edit - 1);
    for (let at = state.at - 1; at >= 0; at -= 1) {
      if (state.shown[at].marks.length) return open(at, true);
    }
  }

  const nextDocument = () => state.at + 1 < state.shown.length && open(state.at + 1);
  const previousDocument = () => state.at > 0 && open(state.at - 1);

  function place() {
    const total = state.edits.length;
    const edits = state.edit < 0 ? `${total} edits` : `edit ${state.edit + 1} of ${total}`;
    one("#place").textContent = state.at < 0 ? "" : `document ${state.at + 1} of ${state.shown.length}, ${edits}`;
    one("#previous-document").disabled = state.at <= 0;
    one("#next-document").disabled = state.at + 1 >= state.shown.length;
  }

  function setSide(side) {
    state.side = side;
    one("#text").className = "text" + (side === "both" ? "" : ` only-${side}`);
    for (const button of all("#sides button")) button.setAttribute("aria-pressed", String(button.dataset.side === side));
  }

  const keys = { n: nextEdit, p: previousEdit, j: nextDocument, k: previousDocument };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(input|select|textarea)$/i.test(event.target.tagName);
    if (event.key === "Escape" && typing) return event.target.blur();
    if (typing) return;
    if (event.key === "/") {
      event.preventDefault();
      one("#search").focus();
    } else if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // What is looked at: a run, or two beside each other.
  function view(at) {
    state.set = at;
    for (const element of all(".view")) element.hidden = element.dataset.view !== String(at);
    const compares = sets[at].compares;
    one("#finding").closest("label").hidden = compares;
    outcomes();
    filter();
  }

  // The tables of patterns.
  for (const section of all(".s-patterns")) {
    const body = one("tbody", section);
    const rows = all("tr", body);
    one(".find-pattern", section).addEventListener("input", (event) => {
      const words = event.target.value.toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(words);
    });
    for (const button of all(".sort", section)) {
      button.setAttribute("aria-pressed", String(button.dataset.by === "deleted"));
      button.addEventListener("click", () => {
        for (const other of all(".sort", section)) other.setAttribute("aria-pressed", String(other === button));
        const by = button.dataset.by;
        rows.sort((a, b) => Number(b.dataset[by]) - Number(a.dataset[by]));
        body.append(...rows);
      });
    }
  }

  const themes = { "": ["dark", "dark"], dark: ["light", "light"], light: ["", "as the system"] };
  one("#theme").addEventListener("click", (event) => {
    const root = document.documentElement;
    const [next, name] = themes[root.dataset.theme || ""];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    event.target.setAttribute("aria-label", `Colours: ${name}`);
  });
  one("#search").addEventListener("input", filter);
  for (const id of ["#only-deleted", "#finding", "#order"]) one(id).addEventListener("change", filter);
  one("#next-edit").addEventListener("click", nextEdit);
  one("#previous-edit").addEventListener("click", previousEdit);
  one("#next-document").addEventListener("click", nextDocument);
  one("#previous-document").addEventListener("click", previousDocument);
  for (const button of all("#sides button")) button.addEventListener("click", () => setSide(button.dataset.side));
  for (const button of all(".jump")) {
    button.addEventListener("click", () => {
      one("#finding").value = button.dataset.finding;
      filter();
      one("#documents").scrollIntoView();
      one("#documents").focus({ preventScroll: true });
    });
  }
  const choice = one("#view");
  if (choice) choice.addEventListener("change", () => view(Number(choice.value)));
  setSide(matchMedia("(max-width: 760px)").matches ? "before" : "both");
  view(0);
})();
