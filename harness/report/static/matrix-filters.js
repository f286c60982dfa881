/* What a choice of filters leaves of the matrix, how many cells each filter would, and how an address says it. */
"use strict";

/** Filters of which several values may be chosen; `of` says where a value is read. */
HarnessMatrix.facets = (model) => {
  const unique = (values) => [...new Set(values.filter(Boolean))].sort();
  const plain = (values) => values.map((value) => ({ value, words: value }));
  const several = model.systems.filter((system) => system.twice).map((system) => ({ value: `${system.name}@${system.version}`, words: system.words }));
  return [
    { key: "result", title: "Result", options: HarnessMatrix.STATES.map(({ name, words }) => ({ value: name, words })) },
    { key: "kind", title: "Kind of failure", options: plain(model.kinds) },
    { key: "level", title: "Level", options: plain(model.levels) },
    { key: "family", title: "Family", options: plain(model.families.map((family) => family.name)) },
    { key: "dialect", title: "Dialect", options: plain(unique(model.columns.map((column) => column.dialect))) },
    { key: "role", title: "Role", options: plain(unique(model.systems.map((system) => system.kind))) },
    { key: "name", title: "System", options: plain(unique(model.systems.map((system) => system.name))) },
    { key: "version", title: "Version", options: several },
  ].filter((facet) => facet.options.length > 1);
};

/** Filters of which one value is in force; the first is the one that no address needs to name. */
HarnessMatrix.SWITCHES = {
  half: ["either", "content", "ending"],
  known: ["with", "only", "without"],
  rows: ["all", "differ"],
  columns: ["matching", "all"],
  order: ["names", "failures"],
  unfold: ["auto", "all", "none"],
  names: ["titles", "ids"],
};
HarnessMatrix.TEXTS = ["scenario", "system"];

/** Filters with several values, in the order in which addresses name them. */
HarnessMatrix.SETS = ["result", "kind", "level", "family", "dialect", "role", "name", "version"];

/** The filters that an address asks for; what it names and this matrix does not have is left out. */
HarnessMatrix.readState = (facets, query) => {
  const asked = new URLSearchParams(query);
  const state = { fold: new Set(asked.getAll("fold")) };
  for (const text of HarnessMatrix.TEXTS) state[text] = asked.get(text) || "";
  for (const [name, values] of Object.entries(HarnessMatrix.SWITCHES)) state[name] = values.includes(asked.get(name)) ? asked.get(name) : values[0];
  for (const key of HarnessMatrix.SETS) {
    const options = facets.find((facet) => facet.key === key)?.options ?? [];
    state[key] = new Set(asked.getAll(key).filter((value) => options.some((option) => option.value === value)));
  }
  return state;
};

/** The other way: the query of an address that asks for these filters, empty for none. */
HarnessMatrix.writeState = (state) => {
  const asked = new URLSearchParams();
  for (const text of HarnessMatrix.TEXTS) if (state[text]) asked.set(text, state[text]);
  for (const key of [...HarnessMatrix.SETS, "fold"]) for (const value of [...state[key]].sort()) asked.append(key, value);
  for (const [name, values] of Object.entries(HarnessMatrix.SWITCHES)) if (state[name] !== values[0]) asked.set(name, state[name]);
  const query = asked.toString().replaceAll("%40", "@").replaceAll("%2F", "/");
  return query ? `?${query}` : "";
};

/** Whether single cells are asked for, not only rows and columns. */
HarnessMatrix.asksForCells = (state) => Boolean(state.result.size || state.kind.size || state.known !== "with");

/** Whether so little is left that families are better unfolded. */
HarnessMatrix.narrow = (state) => Boolean(HarnessMatrix.asksForCells(state) || state.scenario.trim() || state.rows === "differ");

HarnessMatrix.Selection = class {
  /** What `state` leaves of the model: rows, columns, families, and how many cells each filter's value has. */
  constructor(model, facets, state) {
    Object.assign(this, { model, state, half: state.half === "either" ? "" : state.half });
    this.asksForCells = HarnessMatrix.asksForCells(state);
    this.counts = {};
    for (const facet of facets) this.counts[facet.key] = Object.fromEntries(facet.options.map((option) => [option.value, 0]));
    this.found = new Uint32Array(model.columns.length);
    this.foundByState = new Uint32Array(8);
    this.total = 0;
    this.columnFails = model.columns.map((column) => this.failsOfColumn(column));
    this.wantedStates = this.bits(HarnessMatrix.STATES.map((each) => each.name), state.result);
    this.wantedKinds = this.bits(model.kinds, state.kind);
    this.rows = model.rows.filter((row) => this.lookAtRow(row) > 0);
    this.columns = model.columns.filter((column) => this.columnFails[column.place] === 0 && (state.columns === "all" || this.found[column.place] > 0));
    if (state.order === "failures") this.sort();
    this.families = model.families.map((family) => this.lookAtFamily(family)).filter((each) => each.rows.length);
  }

  /** Most failures first: systems by their share of failures, and rows within their families by their number. */
  sort() {
    const share = new Map();
    for (const { system } of this.columns) {
      if (share.has(system)) continue;
      const own = this.columns.filter((column) => column.system === system);
      const [failing, present] = own.map((column) => this.failing(this.rows, [column])).reduce(([a, b], [c, d]) => [a + c, b + d]);
      share.set(system, present ? failing / present : 0);
    }
    const rows = new Map(this.rows.map((row) => [row, this.failing([row], this.columns)[0]]));
    this.columns.sort((one, other) => share.get(other.system) - share.get(one.system) || one.place - other.place);
    this.rows.sort((one, other) => rows.get(other) - rows.get(one) || one.place - other.place);
  }

  /** How many cells of these rows and columns fail, and how many were judged. */
  failing(rows, columns) {
    const { model } = this;
    let [failing, judged] = [0, 0];
    for (const { start } of rows) {
      for (const { place } of columns) {
        const worst = model.worst(start + place);
        if (worst < 3) failing += 1;
        if (worst < 3 || worst === HarnessMatrix.PASS) judged += 1;
      }
    }
    return [failing, judged];
  }

  bits(names, wanted) {
    return names.reduce((bits, name, place) => bits | (wanted.has(name) ? 1 << place : 0), 0);
  }

  has(text, query) {
    return query.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  }

  failsOfColumn({ system, dialect, text }) {
    const { FAILS } = HarnessMatrix;
    const { name, version, dialect: dialects, role, system: query } = this.state;
    const named = !(name.size || version.size) || name.has(system.name) || version.has(`${system.name}@${system.version}`);
    return (named ? 0 : FAILS.name) | (dialects.size && !dialects.has(dialect) ? FAILS.dialect : 0)
      | (role.size && !role.has(system.kind) ? FAILS.role : 0) | (this.has(text, query) ? 0 : FAILS.find);
  }

  failsOfRow(row) {
    const { FAILS } = HarnessMatrix;
    const { family, level, scenario, rows } = this.state;
    return (family.size && !family.has(row.family.name) ? FAILS.family : 0) | (level.size && !level.has(this.model.levels[row.level]) ? FAILS.level : 0)
      | (this.has(row.text, scenario) ? 0 : FAILS.scenario) | (rows === "differ" && !this.differs(row) ? FAILS.differ : 0);
  }

  failsOfCell(states, kinds, at) {
    const { FAILS } = HarnessMatrix;
    const { known } = this.state;
    return (this.wantedStates && !(states & this.wantedStates) ? FAILS.result : 0) | (this.wantedKinds && !(kinds & this.wantedKinds) ? FAILS.kind : 0)
      | (known !== "with" && this.model.known(at) !== (known === "only") ? FAILS.known : 0);
  }

  /** Whether two of the columns asked for that were judged came out differently. */
  differs(row) {
    const { content, ending } = this.model;
    let first = -1;
    for (let column = 0; column < this.columnFails.length; column += 1) {
      const at = row.start + column;
      const judged = content[at] <= 2 || content[at] === HarnessMatrix.PASS;
      if (this.columnFails[column] || !judged) continue;
      const both = content[at] * 8 + ending[at];
      if (first >= 0 && both !== first) return true;
      first = both;
    }
    return false;
  }

  /** Marks the cells of a row that are asked for, counts for each filter, and gives how many they are. */
  lookAtRow(row) {
    const { model } = this;
    const ofRow = this.failsOfRow(row);
    let found = 0;
    for (let column = 0; column < model.columns.length; column += 1) {
      const at = row.start + column;
      model.matching[at] = 0;
      if (model.content[at] === HarnessMatrix.ABSENT) continue;
      const besides = ofRow | this.columnFails[column];
      if (besides & (besides - 1)) continue; // two filters leave it out: it counts nowhere
      const states = model.states(at, this.half);
      const kinds = model.kindsOf(at, this.half);
      const fails = besides | this.failsOfCell(states, kinds, at);
      if (fails & (fails - 1)) continue;
      this.count(fails, row, model.columns[column], states, kinds);
      if (fails) continue;
      model.matching[at] = 1;
      found += 1;
      this.found[column] += 1;
      this.foundByState[model.worst(at)] += 1;
    }
    this.total += found;
    return found;
  }

  /** A cell counts for a filter's value where no other filter leaves it out. */
  count(fails, row, { system, dialect }, states, kinds) {
    const { FAILS, STATES } = HarnessMatrix;
    const one = (key, value) => { if (this.counts[key] && value in this.counts[key]) this.counts[key][value] += 1; };
    const free = (bit) => (fails & ~bit) === 0;
    if (free(FAILS.family)) one("family", row.family.name);
    if (free(FAILS.level)) one("level", this.model.levels[row.level]);
    if (free(FAILS.dialect)) one("dialect", dialect);
    if (free(FAILS.role)) one("role", system.kind);
    if (free(FAILS.name)) { one("name", system.name); one("version", `${system.name}@${system.version}`); }
    if (free(FAILS.result)) STATES.forEach((state, code) => { if ((states >> code) & 1) one("result", state.name); });
    if (kinds && free(FAILS.kind)) this.model.kinds.forEach((kind, bit) => { if ((kinds >> bit) & 1) one("kind", kind); });
  }

  /** A family's rows that are left, and how it stands in each column that is left. */
  lookAtFamily(family) {
    const rows = this.rows.filter((row) => row.family === family);
    return { family, rows, cells: this.columns.map((column) => this.familyCell(rows, column.place)) };
  }

  familyCell(rows, column) {
    const { model } = this;
    const cell = { passed: 0, judged: 0, matching: 0, gravest: null, level: 0 };
    let rank = Infinity;
    for (const row of rows) {
      const at = row.start + column;
      const state = model.worst(at);
      if (state === HarnessMatrix.ABSENT) continue;
      const level = model.levelOf(row, at);
      if (state < 3 || state === HarnessMatrix.PASS) cell.judged += 1;
      if (state === HarnessMatrix.PASS) cell.passed += 1;
      cell.matching += model.matching[at];
      const own = state < 3 ? level * 10 + state : 100 + (state === HarnessMatrix.UNSUPPORTED ? 9 : state);
      if (own < rank) [rank, cell.gravest, cell.level] = [own, state, level];
    }
    return cell;
  }
};
