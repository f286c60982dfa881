/* Puts the matrix together: the address says what is shown, the keyboard walks through it, and paper gets all of it. */
"use strict";

/** Where keys lead to from a place, with `last` the last line and column, and `page` the lines that fit. */
HarnessMatrix.KEYS = {
  ArrowUp: ({ line, column }) => ({ line: line - 1, column }),
  ArrowDown: ({ line, column }) => ({ line: line + 1, column }),
  ArrowLeft: ({ line, column }) => ({ line, column: column - 1 }),
  ArrowRight: ({ line, column }) => ({ line, column: column + 1 }),
  Home: ({ line }, last, page, control) => ({ line: control ? 0 : line, column: -1 }),
  End: ({ line }, last, page, control) => ({ line: control ? last.line : line, column: last.column }),
  PageUp: ({ line, column }, last, page) => ({ line: Math.max(0, line - page), column }),
  PageDown: ({ line, column }, last, page) => ({ line: line + page, column }),
};

/** One tab stop for the whole matrix; arrows, Home, End and the page keys move it. */
HarnessMatrix.Keyboard = class {
  constructor(view, toggle) {
    Object.assign(this, { view, toggle, active: { line: 0, column: -1 } });
    view.onDraw = () => this.mark();
    view.scroller.addEventListener("keydown", (event) => this.press(event));
    view.table.addEventListener("focusin", (event) => this.enter(event));
    view.table.addEventListener("click", (event) => this.click(event));
  }

  /** Tells the element that takes the keyboard from all others. Out of sight, the scrolling region stands for it. */
  mark() {
    const element = this.view.elementAt(this.active);
    if (this.marked && this.marked !== element) this.marked.tabIndex = -1;
    if (element) element.tabIndex = 0;
    this.view.scroller.tabIndex = element ? -1 : 0;
    this.marked = element;
  }

  enter(event) {
    const place = this.view.placeOf(event.target);
    if (!place) return;
    this.active = place;
    this.mark();
  }

  press(event) {
    const { view } = this;
    const move = HarnessMatrix.KEYS[event.key];
    if (!view.lines.length || event.altKey || event.metaKey) return;
    if (move) {
      event.preventDefault();
      const last = { line: view.lines.length - 1, column: view.selection.columns.length - 1 };
      const page = Math.max(1, Math.floor((view.scroller.clientHeight - view.table.tHead.offsetHeight) / view.heights.row) - 1);
      this.go(move(this.active, last, page, event.ctrlKey), last);
    } else if ((event.key === "Enter" || event.key === " ") && event.target.matches(".family td")) {
      event.preventDefault();
      this.toggle(this.active);
    }
  }

  go({ line, column }, last) {
    this.active = { line: Math.min(Math.max(line, -1), last.line), column: Math.min(Math.max(column, -1), last.column) };
    if (this.active.line < 0) this.active.column = Math.max(0, this.active.column);
    this.view.reveal(this.active);
    this.mark();
    this.marked?.focus({ preventScroll: true });
  }

  click(event) {
    const place = this.view.placeOf(event.target);
    if (place && place.line >= 0 && this.view.lines[place.line].family) this.toggle(place);
  }
};

/** Says beside the matrix what the pointer or the keyboard is on: names in full, and what happened. */
HarnessMatrix.Readout = class {
  constructor(view, place) {
    Object.assign(this, { view, place });
    for (const type of ["mouseover", "focusin"]) view.table.addEventListener(type, (event) => this.show(view.placeOf(event.target)));
  }

  show(at) {
    if (!at || (at.line === this.line && at.column === this.column)) return;
    Object.assign(this, at);
    const column = this.view.selection.columns[at.column];
    const line = this.view.lines[at.line];
    this.light(at.column);
    this.place.replaceChildren(...this.names(line, column), ...(line?.row && column ? this.cell(line.row, column) : []));
  }

  names(line, column) {
    const { element } = HarnessMatrix;
    const names = [];
    if (line) names.push(element("b", "", line.row ? line.row.title : line.family.family.name), " ");
    if (line?.row) names.push(element("code", "", line.row.scenario), " ");
    if (column) names.push(element("span", "who", `${column.system.words} · ${column.pair}`), " ");
    return names;
  }

  cell(row, column) {
    const { model } = this.view;
    const rare = model.rare.get(row.start + column.place);
    const said = [HarnessMatrix.element("span", "said", model.label(row, row.start + column.place))];
    if (rare && rare.happened >= 0) said.push(HarnessMatrix.element("span", "line", model.words[rare.happened]));
    if (rare && rare.known >= 0) said.push(HarnessMatrix.element("span", "line", `Known: ${model.words[rare.known]}`));
    return said;
  }

  /** The heads of the column that is looked at. */
  light(column) {
    const [systems, dialects] = this.view.table.tHead.rows;
    for (const lit of this.view.table.tHead.querySelectorAll(".at")) lit.classList.remove("at");
    if (column < 0) return;
    dialects.cells[column]?.classList.add("at");
    if (systems) this.view.headOf(column)?.classList.add("at");
  }
};

/** What goes on paper: all lines that are shown, unclipped, with so many columns to a table as fit a page. */
HarnessMatrix.printed = (view, heading) => {
  const COLUMNS = 44;
  const { columns } = view.selection;
  const paper = HarnessMatrix.element("div", "paper");
  paper.append(HarnessMatrix.element("p", "", heading));
  for (let start = 0; start < columns.length; start += COLUMNS) {
    const table = HarnessMatrix.element("table", view.table.className);
    const [head, body] = [HarnessMatrix.element("thead"), HarnessMatrix.element("tbody")];
    head.append(...view.headRows(start, start + COLUMNS));
    const range = { start, end: Math.min(start + COLUMNS, columns.length) };
    body.append(...view.lines.map((line, place) => view.line(place, range)));
    for (const blank of body.querySelectorAll(".blank")) blank.remove();
    table.append(head, body);
    paper.append(table);
  }
  return paper;
};

HarnessMatrix.Page = class {
  constructor(data) {
    const get = (id) => document.getElementById(id);
    this.model = new HarnessMatrix.Model(data);
    this.facets = HarnessMatrix.facets(this.model);
    get("grid").setAttribute("role", "grid");
    for (const id of ["filters", "state", "readout"]) get(id).hidden = false;
    this.view = new HarnessMatrix.View(this.model, get("scroll"), get("grid"));
    this.keyboard = new HarnessMatrix.Keyboard(this.view, (place) => this.toggle(place));
    this.readout = new HarnessMatrix.Readout(this.view, get("readout"));
    this.controls = new HarnessMatrix.Controls(this.facets, (state, lasting) => this.change(state, lasting));
    get("unfold").addEventListener("click", () => this.change({ ...this.state, unfold: this.unfolded ? "none" : "all", fold: new Set() }, false));
    get("names").addEventListener("click", () => this.change({ ...this.state, names: this.state.names === "ids" ? "titles" : "ids" }, false));
    get("order").addEventListener("click", () => this.change({ ...this.state, order: this.state.order === "failures" ? "names" : "failures" }, true));
    window.addEventListener("popstate", () => this.show(HarnessMatrix.readState(this.facets, location.search)));
    window.addEventListener("beforeprint", () => this.print());
    window.addEventListener("afterprint", () => document.querySelector(".paper")?.remove());
    this.show(HarnessMatrix.readState(this.facets, location.search));
  }

  /** Takes up a choice, and lets the address say it; `lasting` ones are steps that the back button undoes. */
  change(state, lasting) {
    const folded = HarnessMatrix.narrow(state) === HarnessMatrix.narrow(this.state) ? state.fold : new Set();
    const next = { ...state, fold: folded };
    const address = location.pathname + HarnessMatrix.writeState(next) + location.hash;
    if (address !== location.pathname + location.search + location.hash) history[lasting ? "pushState" : "replaceState"](null, "", address);
    this.show(next);
  }

  show(state) {
    const kept = this.view.scroller.scrollTop;
    const same = this.state && HarnessMatrix.writeState({ ...state, fold: new Set(), unfold: "auto" }) === HarnessMatrix.writeState({ ...this.state, fold: new Set(), unfold: "auto" });
    this.state = state;
    this.selection = new HarnessMatrix.Selection(this.model, this.facets, state);
    this.unfolded = state.unfold === "all" || (state.unfold === "auto" && (HarnessMatrix.narrow(state) || this.selection.rows.length <= 40));
    this.keyboard.active = { line: 0, column: -1 };
    this.view.show(this.selection, (family) => this.unfolded !== state.fold.has(family.name));
    this.view.scroller.scrollTop = same ? kept : 0;
    this.controls.show(state, this.selection);
    this.tell();
  }

  /** Unfolds or folds the family of a line, and keeps the keyboard on it. */
  toggle({ line, column }) {
    const { family } = this.view.lines[line].family;
    const fold = new Set(this.state.fold);
    if (!fold.delete(family.name)) fold.add(family.name);
    this.change({ ...this.state, fold }, false);
    const place = this.view.lines.findIndex((each) => each.family?.family === family);
    this.keyboard.go({ line: place, column }, { line: this.view.lines.length - 1, column: this.selection.columns.length - 1 });
  }

  /** How much is shown, in words. */
  tell() {
    const { model, selection } = this;
    const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
    const of = (some, all, noun) => (some === all ? counted(all, noun) : `${some.toLocaleString("en")} of ${counted(all, noun)}`);
    const states = HarnessMatrix.STATES.map((state, code) => [selection.foundByState[code], state.many]).filter(([cases]) => cases);
    const cases = `${counted(selection.total, "case")}: ${states.map(([many, words]) => `${many.toLocaleString("en")} ${words}`).join(", ")}`;
    this.words = selection.total
      ? `${of(selection.rows.length, model.rows.length, "scenario")}, ${of(selection.columns.length, model.columns.length, "column")}, ${cases}`
      : "Nothing in the matrix is like that.";
    document.getElementById("count").textContent = this.words;
    document.getElementById("unfold").textContent = this.unfolded ? "Fold all" : "Unfold all";
    document.getElementById("order").setAttribute("aria-pressed", String(this.state.order === "failures"));
    document.getElementById("names").setAttribute("aria-pressed", String(this.state.names === "ids"));
  }

  print() {
    const filters = this.controls.chips(this.state).map((chip) => chip.words);
    document.querySelector(".paper")?.remove();
    document.getElementById("scroll").after(HarnessMatrix.printed(this.view, [this.words, ...filters].join(" · ")));
  }
};

if (HarnessMatrix.data) HarnessMatrix.page = new HarnessMatrix.Page(HarnessMatrix.data);
