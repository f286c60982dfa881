/* Draws the matrix: heads, families and those rows that are in sight. Foreign text goes in as text, never as HTML. */
"use strict";

HarnessMatrix.element = (name, classes = "", text = "") => {
  const element = document.createElement(name);
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  return element;
};

HarnessMatrix.symbol = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
};

/** The parts of the matrix, each made of what the model says; cells that look alike are made once and copied. */
HarnessMatrix.Parts = class {
  constructor(model) {
    this.model = model;
    this.made = new Map();
  }

  /** The looks of one half of a cell, put on an element. */
  paint(half, state, level) {
    const { name, failing } = HarnessMatrix.STATES[state];
    half.className = failing ? `h ${name} ${level}` : `h ${name}`;
    if (failing || name === "error") half.append(HarnessMatrix.symbol(name === "fail" && level !== "must" ? level : name));
    return half;
  }

  /** A cell that ran, without its address: two halves, or one where nothing failed in either. */
  mould(content, ending, level) {
    const cell = HarnessMatrix.element("td");
    const link = HarnessMatrix.element("a");
    link.tabIndex = -1;
    if (content === ending && content > 2) this.paint(link, content, level);
    else for (const state of [content, ending]) link.append(this.paint(HarnessMatrix.element("span"), state, level));
    cell.append(link);
    return cell;
  }

  cell(row, column) {
    const { model } = this;
    const at = row.start + column.place;
    if (model.content[at] === HarnessMatrix.ABSENT) return this.copy("absent", () => this.absent());
    const level = model.levelOf(row, at);
    const key = model.content[at] * 100 + model.ending[at] * 10 + level;
    const cell = this.copy(key, () => this.mould(model.content[at], model.ending[at], model.levels[level]));
    const link = cell.firstChild;
    link.href = row.cell + column.address;
    link.setAttribute("aria-label", model.label(row, at));
    if (model.known(at)) link.classList.add("known");
    return cell;
  }

  absent() {
    const cell = HarnessMatrix.element("td", "none");
    cell.tabIndex = -1;
    cell.setAttribute("aria-label", "did not run");
    return cell;
  }

  copy(key, make) {
    if (!this.made.has(key)) this.made.set(key, make());
    return this.made.get(key).cloneNode(true);
  }

  rowHead(row, names) {
    const level = this.model.levels[row.level];
    const head = HarnessMatrix.element("th", level);
    const link = HarnessMatrix.element("a", "", names === "ids" ? row.slug : row.title);
    head.scope = "row";
    link.href = row.href;
    link.tabIndex = -1;
    head.append(link);
    if (level !== "must") head.append(HarnessMatrix.element("span", `level ${level}`, level));
    return head;
  }

  familyHead({ family, rows }, open) {
    const head = HarnessMatrix.element("th");
    const button = HarnessMatrix.element("button", "", family.name);
    const many = rows.length === family.rows.length ? `${rows.length}` : `${rows.length} of ${family.rows.length}`;
    head.scope = "row";
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-expanded", String(open));
    button.append(" ", HarnessMatrix.element("small", "", many));
    head.append(button);
    return head;
  }

  /** How a family stands in one column: passed of judged, or how many cells are among those asked for. */
  familyCell({ passed, judged, matching, gravest, level }, asksForCells) {
    const name = this.model.levels[level];
    const state = gravest === null ? null : HarnessMatrix.STATES[gravest];
    const tone = state === null ? "none" : state.failing ? `${state.name} ${name}` : state.name;
    const cell = HarnessMatrix.element("td", !asksForCells && (judged - passed) * 3 >= judged && judged > passed ? `${tone} many` : tone);
    cell.tabIndex = -1;
    if (asksForCells) cell.append(matching ? HarnessMatrix.element("b", "", `${matching}`) : "");
    else if (judged) cell.append(HarnessMatrix.element("b", "", `${passed}`), HarnessMatrix.element("small", "", `/${judged}`));
    else if (state) cell.append(HarnessMatrix.element("small", "", state.name === "error" ? "?" : "–"));
    if (asksForCells && !matching) cell.className = "none";
    return cell;
  }

  systemHead(system, span) {
    const head = HarnessMatrix.element("th");
    const link = HarnessMatrix.element("a");
    head.scope = "colgroup";
    head.colSpan = span;
    link.href = system.href;
    link.tabIndex = -1;
    link.append(HarnessMatrix.element("b", "", system.name), " ", HarnessMatrix.element("span", "", system.version));
    head.append(link);
    return head;
  }

  dialectHead(column, first) {
    const head = HarnessMatrix.element("th", [first && "first", column.canary && "suspect"].filter(Boolean).join(" "));
    const short = HarnessMatrix.element("span", "", column.short);
    head.scope = "col";
    short.setAttribute("aria-hidden", "true");
    head.append(short, HarnessMatrix.element("span", "vh", column.pair + (column.canary ? ` (its canary ${column.canary})` : "")));
    return head;
  }
};

/**
 * The table: which rows and columns are in sight, and their elements. Rows have one height each and columns one width,
 * so that places can be reckoned. Heads are all there; of very many columns, a row has only those around what is seen.
 */
HarnessMatrix.View = class {
  constructor(model, scroller, table) {
    Object.assign(this, { model, scroller, table, parts: new HarnessMatrix.Parts(model), lines: [], drawn: new Map() });
    this.body = table.tBodies[0];
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    window.addEventListener("resize", () => this.measure());
  }

  /** Shows a selection; `open` says which families are unfolded. */
  show(selection, open) {
    this.selection = selection;
    this.lines = selection.families.flatMap((each) => {
      const unfolded = open(each.family);
      const head = { family: each, open: unfolded };
      return unfolded ? [head, ...each.rows.map((row) => ({ row, of: head }))] : [head];
    });
    this.firsts = selection.columns.map((column, place) => place === 0 || column.system !== selection.columns[place - 1].system);
    this.table.setAttribute("aria-rowcount", this.lines.length + 2);
    this.table.setAttribute("aria-colcount", selection.columns.length + 1);
    this.drawHead();
    this.measure();
  }

  /** How wide a cell may be, and where each line begins. */
  measure() {
    const { table, scroller, selection } = this;
    if (!selection) return;
    table.classList.toggle("wide", selection.columns.length <= this.model.wide);
    const style = getComputedStyle(table);
    const size = (name) => parseFloat(style.getPropertyValue(name));
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const around = getComputedStyle(scroller.parentElement);
    const room = scroller.parentElement.clientWidth - 2 * parseFloat(around.paddingLeft) - (size("--label-rem") + size("--after-rem")) * rem - 20;
    const width = Math.floor(Math.min(size("--most"), Math.max(size("--least"), room / selection.columns.length)));
    table.classList.toggle("narrow", width < 30);
    table.style.setProperty("--cell", `${width}px`);
    Object.assign(this, { width, seen: Math.ceil(room / width) + 1 });
    table.style.width = `${size("--label-rem") * rem + width * selection.columns.length}px`;
    this.heights = { family: size("--family"), row: size("--row") };
    this.tops = [0];
    for (const line of this.lines) this.tops.push(this.tops.at(-1) + (line.row ? this.heights.row : this.heights.family));
    this.clear();
    this.draw();
  }

  drawHead() {
    const [systems, dialects] = this.headRows(0, this.selection.columns.length);
    systems.setAttribute("aria-rowindex", "1");
    dialects.setAttribute("aria-rowindex", "2");
    this.table.tHead.replaceChildren(systems, dialects);
  }

  /** The two lines of heads over these columns. */
  headRows(start, end) {
    const [systems, dialects] = [HarnessMatrix.element("tr", "systems"), HarnessMatrix.element("tr", "dialects")];
    systems.append(this.table.tHead.querySelector(".corner").cloneNode(true));
    this.selection.columns.slice(start, end).forEach((column, number) => {
      const place = start + number;
      if (number === 0 || this.firsts[place]) systems.append(this.parts.systemHead(column.system, this.span(place, end)));
      dialects.append(this.parts.dialectHead(column, this.firsts[place]));
    });
    return [systems, dialects];
  }

  /** How many columns stand under the system of this one, from here on and before `end`. */
  span(place, end) {
    const next = this.firsts.indexOf(true, place + 1);
    return Math.min(next < 0 ? this.firsts.length : next, end) - place;
  }

  /** Takes all lines away; `around` says which columns lines have from now on, from one place to before another. */
  clear(around = this.around()) {
    this.range = around;
    this.leave(this.body);
    this.drawn.clear();
    this.above = this.gap();
    this.below = this.gap();
    this.stretch(this.below, this.tops.at(-1)); // as high as ever, so that what was scrolled to stays
    this.body.replaceChildren(this.above, this.below);
  }

  gap() {
    const gap = HarnessMatrix.element("tr", "gap");
    const cell = HarnessMatrix.element("td");
    gap.setAttribute("aria-hidden", "true");
    cell.colSpan = this.selection.columns.length + 1;
    gap.append(cell);
    return gap;
  }

  /** The columns in sight, with some to each side, or all where they are not too many. */
  around() {
    const all = this.selection.columns.length;
    if (all <= 60) return { start: 0, end: all };
    const first = Math.floor(this.scroller.scrollLeft / this.width);
    return { start: Math.max(0, first - 12), end: Math.min(all, first + this.seen + 12) };
  }

  /** Takes lines away that lack columns which have come in sight. */
  follow() {
    const { columns } = this.selection;
    const first = Math.min(Math.floor(this.scroller.scrollLeft / this.width), columns.length);
    if (first < this.range.start || Math.min(columns.length, first + this.seen) > this.range.end) this.clear();
  }

  /** The line at a height. */
  lineAt(height) {
    let [low, high] = [0, Math.max(0, this.lines.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= height) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Draws the lines in sight and some around them, and removes all others. */
  draw() {
    if (!this.lines.length) return;
    this.follow();
    const { scroller, table } = this;
    const room = window.innerHeight;
    const first = Math.max(0, this.lineAt(scroller.scrollTop) - 6);
    const last = Math.min(this.lines.length - 1, this.lineAt(scroller.scrollTop + room - table.tHead.offsetHeight) + 8);
    for (const [place, line] of this.drawn) {
      if (place >= first && place <= last) continue;
      this.leave(line);
      line.remove();
      this.drawn.delete(place);
    }
    let before = this.above;
    for (let place = first; place <= last; place += 1) {
      if (!this.drawn.has(place)) {
        const line = this.line(place);
        before.after(line);
        this.drawn.set(place, line);
      }
      before = this.drawn.get(place);
    }
    this.stretch(this.above, this.tops[first]);
    this.stretch(this.below, this.tops.at(-1) - this.tops[last + 1]);
    this.onDraw?.();
  }

  stretch(gap, height) {
    gap.hidden = height <= 0;
    gap.firstChild.style.height = `${height}px`;
  }

  /** Keeps the keyboard in the matrix when the line that it is in goes out of sight. */
  leave(line) {
    if (line.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
  }

  /** One line with the cells of those columns; what stands for the others is nothing to anybody. */
  line(place, { start, end } = this.range) {
    const { row, family, open } = this.lines[place];
    const { columns, state, asksForCells } = this.selection;
    const line = HarnessMatrix.element("tr", row ? "row" : "family");
    line.setAttribute("aria-rowindex", place + 3);
    line.append(row ? this.parts.rowHead(row, state.names) : this.parts.familyHead(family, open));
    if (end - start < columns.length) line.firstChild.setAttribute("aria-colindex", 1);
    if (start > 0) line.append(this.blank(start));
    for (let number = start; number < end; number += 1) {
      const column = columns[number];
      const cell = row ? this.parts.cell(row, column) : this.parts.familyCell(family.cells[number], asksForCells);
      if (this.firsts[number]) cell.classList.add("first");
      if (row && asksForCells && !this.model.matching[row.start + column.place]) cell.classList.add("dim");
      if (end - start < columns.length) cell.setAttribute("aria-colindex", number + 2);
      line.append(cell);
    }
    if (end < columns.length) line.append(this.blank(columns.length - end));
    return line;
  }

  blank(columns) {
    const blank = HarnessMatrix.element("td", "blank");
    blank.colSpan = columns;
    blank.setAttribute("aria-hidden", "true");
    return blank;
  }

  /** The place of the line that an element is in, and of the column: -1 for the head of the line or of the column. */
  placeOf(element) {
    const cell = element.closest("td, th");
    const line = cell?.parentElement;
    if (!line || !this.table.contains(line) || line.classList.contains("gap") || cell.classList.contains("blank")) return null;
    if (line.parentElement === this.table.tHead) return { line: -1, column: this.columnOfHead(cell) };
    return { line: Number(line.getAttribute("aria-rowindex")) - 3, column: cell.cellIndex ? cell.cellIndex - 1 + this.skipped : -1 };
  }

  /** How many columns the first cell behind a line's head is past the first of all. */
  get skipped() {
    return this.range.start > 0 ? this.range.start - 1 : 0;
  }

  columnOfHead(cell) {
    if (cell.parentElement.classList.contains("dialects")) return cell.cellIndex;
    let column = 0;
    for (let each = cell.parentElement.cells[1]; each && each !== cell; each = each.nextElementSibling) column += each.colSpan;
    return cell.classList.contains("corner") ? -1 : column;
  }

  /** What takes the keyboard at a place; null where its line is not drawn. */
  elementAt({ line, column }) {
    if (line < 0) return this.headOf(column)?.firstChild ?? null;
    const cell = this.drawn.get(line)?.cells[column < 0 ? 0 : column + 1 - this.skipped];
    return cell ? cell.querySelector("a, button") ?? cell : null;
  }

  headOf(column) {
    const number = this.firsts.slice(0, column + 1).filter(Boolean).length;
    return this.table.tHead.rows[0].cells[number];
  }

  /** Brings a line and a column in sight, beside the heads. */
  reveal({ line, column }) {
    const { scroller, table } = this;
    if (line >= 0) {
      const room = scroller.clientHeight - table.tHead.offsetHeight;
      const [top, bottom] = [this.tops[line], this.tops[line + 1]];
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (bottom > scroller.scrollTop + room) scroller.scrollTop = bottom - room;
    }
    if (column >= 0) this.revealColumn(table.tHead.rows[1].cells[column]);
    this.draw();
  }

  revealColumn(head) {
    const { scroller, table } = this;
    const label = table.tHead.querySelector(".corner").offsetWidth;
    const [left, right] = [head.offsetLeft, head.offsetLeft + head.offsetWidth];
    if (left - label < scroller.scrollLeft) scroller.scrollLeft = left - label;
    else if (right > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = right - scroller.clientWidth;
  }
};
