/* The matrix as data: what lies in each cell, and what a choice of filters leaves of it. Knows nothing of the page. */
"use strict";

/** What the scripts of the matrix share; `harnessMatrix` is what the data file calls. */
const HarnessMatrix = { data: null };
function harnessMatrix(data) {
  HarnessMatrix.data = data;
}

/** States of half a cell, by their letter in the data. Gravest first. */
HarnessMatrix.STATES = [
  { letter: "s", name: "silent", many: "fail silently", words: "fails silently", failing: true },
  { letter: "h", name: "hang", many: "hang", words: "hangs", failing: true },
  { letter: "f", name: "fail", many: "fail otherwise", words: "fails", failing: true },
  { letter: "e", name: "error", many: "not measured", words: "not measured", failing: false },
  { letter: "u", name: "unsupported", many: "unsupported", words: "unsupported", failing: false },
  { letter: "p", name: "pass", many: "pass", words: "passes", failing: false },
];
HarnessMatrix.UNSUPPORTED = 4;
HarnessMatrix.PASS = 5;
HarnessMatrix.ABSENT = 7;

/** Why a cell is not among those asked for: one bit each, so that each filter can count what the others leave. */
HarnessMatrix.FAILS = { scenario: 1, find: 2, family: 4, level: 8, name: 16, dialect: 32, role: 64, result: 128, kind: 256, known: 512, differ: 1024 };

HarnessMatrix.Model = class {
  constructor(data) {
    this.systems = data.systems.map(([name, version, kind, href, twice], place) => ({ place, name, version, kind, href, twice: Boolean(twice), words: `${name} ${version}` }));
    this.columns = data.columns.map((column, place) => this.column(data, column, place));
    this.wide = data.wide;
    this.levels = data.levels;
    this.kinds = data.kinds;
    this.words = data.words;
    this.families = data.families.map((name, place) => ({ place, name, rows: [] }));
    this.content = new Uint8Array(data.rows.length * this.columns.length);
    this.ending = new Uint8Array(this.content.length);
    this.rare = new Map();
    this.rows = data.rows.map((row, place) => this.row(row, place));
    this.matching = new Uint8Array(this.content.length);
  }

  column(data, [system, dialect, upstream, address, canary], place) {
    const owner = this.systems[system];
    const pair = upstream ? `${upstream} → ${dialect}` : dialect;
    const short = (upstream ? "→" : "") + data.shorts[dialect];
    return { place, system: owner, dialect, upstream, pair, short, address, canary, text: `${owner.words} ${owner.kind} ${pair}`.toLowerCase() };
  }

  row([family, level, scenario, title, href, cell, states, rare], place) {
    const letters = { ".": HarnessMatrix.ABSENT };
    HarnessMatrix.STATES.forEach((state, code) => { letters[state.letter] = code; });
    const start = place * this.columns.length;
    for (let column = 0; column < this.columns.length; column += 1) {
      this.content[start + column] = letters[states[2 * column]];
      this.ending[start + column] = letters[states[2 * column + 1]];
    }
    for (let at = 0; at < rare.length; at += 6) {
      const [column, content, ending, happened, known, own] = rare.slice(at, at + 6);
      this.rare.set(start + column, { content, ending, happened, known, level: own });
    }
    const slug = scenario.slice(scenario.indexOf("/") + 1);
    const row = { place, family: this.families[family], level, scenario, slug, title, href, cell, start, text: `${scenario} ${title}`.toLowerCase() };
    row.family.rows.push(row);
    return row;
  }

  /** Which half says what a cell is: the graver one. */
  worst(at) {
    return Math.min(this.content[at], this.ending[at]);
  }

  /** The level that a cell's failures have. */
  levelOf(row, at) {
    const rare = this.rare.get(at);
    return rare ? rare.level : row.level;
  }

  /** The states by which a cell is found, a bit each: those of the half that was chosen, or what fails in either. */
  states(at, half) {
    if (half === "content") return 1 << this.content[at];
    if (half === "ending") return 1 << this.ending[at];
    const worst = this.worst(at);
    return worst < 3 ? ((1 << this.content[at]) | (1 << this.ending[at])) & 7 : 1 << worst;
  }

  /** The kinds of failures by which a cell is found, a bit each. */
  kindsOf(at, half) {
    const rare = this.rare.get(at);
    if (!rare) return 0;
    return half === "content" ? rare.content : half === "ending" ? rare.ending : rare.content | rare.ending;
  }

  /** Whether a cell's failure is known, or a pass is known as a failure. */
  known(at) {
    const rare = this.rare.get(at);
    return rare !== undefined && rare.known >= 0;
  }

  /** A cell in words: both halves, what kinds of failures there are, and whether they are known. */
  label(row, at) {
    if (this.content[at] === HarnessMatrix.ABSENT) return "did not run";
    const level = this.levels[this.levelOf(row, at)];
    const half = (code) => HarnessMatrix.STATES[code].words + (code < 3 && level !== "must" ? ` (${level})` : "");
    const kinds = this.kinds.filter((_, bit) => (this.kindsOf(at, "") >> bit) & 1);
    const parts = [`content ${half(this.content[at])}`, `ending ${half(this.ending[at])}`];
    if (kinds.length) parts.push(kinds.join(", "));
    if (this.known(at)) parts.push("known");
    return parts.join("; ");
  }
};
