"use strict";
// Shows one cell: finds its pack by the address, unpacks it, and puts in the HTML that was written and escaped there.
(() => {
  const LONGEST = 120;

  function packName(scenario) {
    const data = new TextEncoder().encode(scenario);
    let name = "";
    let checksum = 0x811c9dc5;
    data.forEach((byte, place) => {
      const character = String.fromCharCode(byte);
      const kept = /[a-z0-9-]/.test(character) || (character === "." && place > 0);
      name += byte === 0x2f ? "+" : kept ? character : "_" + byte.toString(16).padStart(2, "0");
      checksum = Math.imul(checksum ^ byte, 0x01000193) >>> 0;
    });
    return (name.length > LONGEST ? name.slice(0, LONGEST) + "~" + checksum.toString(16).padStart(8, "0") : name) + ".js";
  }

  function say(words) {
    const text = document.createElement("p");
    text.className = "banner";
    text.setAttribute("role", "alert");
    text.textContent = words;
    document.getElementById("cell").replaceChildren(text);
  }

  async function unpacked(base64) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  }

  function show(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const trail = page.getElementById("trail");
    document.title = page.title;
    document.getElementById("trail").replaceWith(trail);
    document.getElementById("cell").replaceWith(...page.body.childNodes);
    if (location.hash) location.replace(location.hash);
  }

  // `cell.html?family/slug/system@version/dialect`: the last two parts name the column, those before the scenario.
  const decoded = (parts) => parts.map(decodeURIComponent).join("/");
  const parts = location.search.slice(1).split("/");
  const address = parts.splice(-2).join("/");
  let column = "";
  let scenario = "";
  try {
    column = decoded(address.split("/"));
    scenario = decoded(parts);
  } catch {
    // not well-formed: it names no cell
  }
  if (!scenario) {
    say("The address of this page names no cell. The matrix links to every cell.");
    return;
  }

  window.harnessCells = async (base64) => {
    try {
      const pack = await unpacked(base64);
      const [, runs] = Object.entries(pack.cells).find(([each]) => decoded(each.split("/")) === column) ?? [];
      if (pack.scenario !== scenario || !runs) {
        say(`This report has no cell of ${scenario} for ${column}.`);
      } else {
        show(runs.flatMap((start, at) => (at % 2 ? [] : pack.lines.slice(start, start + runs[at + 1]))).join("\n"));
      }
    } catch (error) {
      say(`The cell could not be unpacked: ${error}`);
    }
  };
  const script = document.createElement("script");
  script.src = "cells/" + encodeURIComponent(packName(scenario));
  script.addEventListener("error", () => say(`This report has no scenario ${scenario}, or its file in the folder cells is missing.`));
  document.head.append(script);
})();
