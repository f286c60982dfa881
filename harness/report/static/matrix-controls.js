/* The filters as they are seen and pressed: searches, lists with counts, switches, and what is in force. */
"use strict";

HarnessMatrix.WORDS_OF = {
  half: { either: "either half", content: "content", ending: "ending" },
  known: { with: "with known failures", only: "only known failures", without: "without known failures" },
};

HarnessMatrix.Controls = class {
  /** `change(state, lasting)` is called with what was chosen; `lasting` for what the back button undoes. */
  constructor(facets, change) {
    Object.assign(this, { facets, change, counts: new Map() });
    this.texts = Object.fromEntries(HarnessMatrix.TEXTS.map((name) => [name, document.getElementById(`find-${name}`)]));
    const place = document.getElementById("facets");
    for (const facet of facets) place.append(this.facet(facet));
    place.append(this.toggle("rows", "differ", "Systems differ"), this.toggle("columns", "all", "Columns without a match"));
    for (const [name, input] of Object.entries(this.texts)) this.listen(name, input);
    document.getElementById("clear").addEventListener("click", () => this.clear());
    document.addEventListener("click", (event) => this.closeOthers(event.target));
    document.getElementById("filters").addEventListener("keydown", (event) => this.escape(event));
  }

  /** What is typed is one step for the back button, however long it is. */
  listen(name, input) {
    input.addEventListener("input", () => {
      const first = input.dataset.typing !== "yes";
      input.dataset.typing = "yes";
      this.set({ [name]: input.value }, first);
    });
    input.addEventListener("change", () => { input.dataset.typing = ""; });
  }

  set(changed, lasting = true) {
    this.change({ ...this.state, ...changed }, lasting);
  }

  facet(facet) {
    const details = HarnessMatrix.element("details", "facet");
    const summary = HarnessMatrix.element("summary", "", facet.title);
    const panel = HarnessMatrix.element("div", "panel");
    const list = this.group(facet.title, "options");
    summary.append(HarnessMatrix.element("span", "chosen"));
    details.dataset.key = facet.key;
    for (const option of facet.options) list.append(this.option(facet, option));
    panel.append(list);
    if (facet.key === "result") panel.append(this.choice("half", "In"), this.choice("known", "Known"));
    details.append(summary, panel);
    details.addEventListener("toggle", () => this.fit(panel));
    return details;
  }

  /** A list that would reach beyond the window opens to the other side. */
  fit(panel) {
    panel.classList.remove("left");
    panel.classList.toggle("left", panel.getBoundingClientRect().right > document.documentElement.clientWidth);
  }

  group(title, classes) {
    const group = HarnessMatrix.element("div", classes);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", title);
    return group;
  }

  option(facet, { value, words }) {
    const label = HarnessMatrix.element("label");
    const input = HarnessMatrix.element("input");
    const count = HarnessMatrix.element("span", "n");
    Object.assign(input, { type: "checkbox", name: facet.key, value });
    input.addEventListener("change", () => this.set({ [facet.key]: this.toggled(facet.key, value) }));
    label.append(input, HarnessMatrix.element("span", "words", words), " ", count);
    this.counts.set(`${facet.key} ${value}`, { input, count, label });
    return label;
  }

  toggled(key, value) {
    const values = new Set(this.state[key]);
    if (!values.delete(value)) values.add(value);
    return values;
  }

  choice(name, title) {
    const group = this.group(title, "choice-list");
    for (const value of HarnessMatrix.SWITCHES[name]) {
      const label = HarnessMatrix.element("label");
      const input = HarnessMatrix.element("input");
      Object.assign(input, { type: "radio", name, value });
      input.addEventListener("change", () => this.set({ [name]: value }));
      label.append(input, HarnessMatrix.element("span", "words", HarnessMatrix.WORDS_OF[name][value]));
      group.append(label);
    }
    return group;
  }

  toggle(name, value, words) {
    const button = HarnessMatrix.element("button", "toggle", words);
    button.type = "button";
    button.dataset.name = name;
    button.dataset.value = value;
    button.addEventListener("click", () => this.set({ [name]: this.state[name] === value ? HarnessMatrix.SWITCHES[name][0] : value }));
    return button;
  }

  closeOthers(target) {
    for (const details of document.querySelectorAll(".facet[open]")) if (!details.contains(target)) details.open = false;
  }

  escape(event) {
    const details = event.target.closest(".facet[open]");
    if (event.key !== "Escape" || !details) return;
    details.open = false;
    details.querySelector("summary").focus();
  }

  /** Back to the whole matrix; the order, the names of rows and what is unfolded stay. */
  clear() {
    const { names, order, unfold, fold } = this.state;
    this.set({ ...HarnessMatrix.readState(this.facets, ""), names, order, unfold, fold });
    this.texts.scenario.focus();
  }

  /** Shows what is in force, and how many cells each value has. */
  show(state, selection) {
    this.state = state;
    for (const [name, input] of Object.entries(this.texts)) if (input.value !== state[name]) input.value = state[name];
    for (const facet of this.facets) this.showFacet(facet, state[facet.key], selection.counts[facet.key]);
    for (const name of Object.keys(HarnessMatrix.WORDS_OF)) {
      for (const input of document.querySelectorAll(`#facets input[name=${name}]`)) input.checked = input.value === state[name];
    }
    for (const button of document.querySelectorAll("#facets .toggle")) {
      button.setAttribute("aria-pressed", String(state[button.dataset.name] === button.dataset.value));
    }
    const left = selection.columnFails.filter((fails) => !fails).length;
    document.querySelector("#facets [data-name=columns]").hidden = left === selection.columns.length && state.columns !== "all";
    this.showChips(state);
  }

  showFacet({ key, options }, chosen, counts) {
    for (const { value } of options) {
      const { input, count, label } = this.counts.get(`${key} ${value}`);
      input.checked = chosen.has(value);
      count.textContent = counts[value].toLocaleString("en");
      label.classList.toggle("zero", counts[value] === 0 && !chosen.has(value));
    }
    const summary = document.querySelector(`.facet[data-key=${key}] summary`);
    summary.querySelector(".chosen").textContent = chosen.size ? ` ${chosen.size}` : "";
    summary.classList.toggle("on", chosen.size > 0);
  }

  showChips(state) {
    const chips = this.chips(state);
    document.getElementById("chips").replaceChildren(...chips.map(({ words, without }) => this.chip(words, without)));
    document.getElementById("clear").hidden = chips.length === 0;
  }

  chip(words, without) {
    const item = HarnessMatrix.element("li");
    const button = HarnessMatrix.element("button", "", words);
    button.type = "button";
    button.setAttribute("aria-label", `Remove ${words}`);
    button.append(HarnessMatrix.element("span", "x", "×"));
    button.addEventListener("click", () => {
      this.set(without);
      (document.querySelector("#chips button") ?? this.texts.scenario).focus();
    });
    item.append(button);
    return item;
  }

  /** What is in force, in words, and what takes it away. */
  chips(state) {
    const found = [];
    if (state.scenario.trim()) found.push({ words: `Scenario: ${state.scenario.trim()}`, without: { scenario: "" } });
    if (state.system.trim()) found.push({ words: `System: ${state.system.trim()}`, without: { system: "" } });
    for (const { key, title, options } of this.facets) {
      for (const { value, words } of options) {
        if (state[key].has(value)) found.push({ words: `${title}: ${words}`, without: { [key]: this.without(state[key], value) } });
      }
    }
    for (const [name, words] of Object.entries(HarnessMatrix.WORDS_OF)) {
      const usual = HarnessMatrix.SWITCHES[name][0];
      if (state[name] !== usual) found.push({ words: words[state[name]], without: { [name]: usual } });
    }
    if (state.rows === "differ") found.push({ words: "Systems differ", without: { rows: "all" } });
    return found;
  }

  without(values, value) {
    return new Set([...values].filter((each) => each !== value));
  }
};
