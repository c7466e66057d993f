"use strict";
(() => {
  // Everything from the report goes through textContent: nothing of it is ever markup.
  const report = JSON.parse(document.getElementById("data").textContent);
  const BATCH = 100;
  const get = (id) => document.getElementById(id);

  function make(tag, options, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "class") element.className = value;
      else element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined) element.append(child);
    }
    return element;
  }

  const plural = (n, one, many) => n.toLocaleString("en") + " " + (n === 1 ? one : many);

  // Counts.
  for (const [name, label] of [
    ["drifted", "drifted"], ["deleted", "deleted"], ["same", "in sync"], ["unverifiable", "could not be looked at"],
    ["skipped", "skipped"], ["hidden", "hidden"],
  ]) {
    const n = report.summary[name];
    get("counts").append(make("div", { class: n === 0 ? "zero" : null }, make("dt", null, label), make("dd", null, n.toLocaleString("en"))));
  }

  // Findings.
  const rank = { critical: 0, important: 1, informational: 2 };
  const findings = report.findings.map((finding, index) => ({ ...finding, index }));
  findings.sort((a, b) => rank[a.severity] - rank[b.severity] || a.index - b.index);
  for (const f of findings) {
    f.text = [f.address, f.previous, f.target, f.kind, f.severity, f.category, f.provider, f.effect, f.declared, f.identity, f.hidden, ...f.reasons,
      ...f.changes.flatMap((c) => [c.path, c.before, c.after, c.hidden, ...(c.lines || []).map((l) => l[1])])]
      .filter(Boolean).join("\n").toLowerCase();
  }

  function value(text, kind) {
    if (text === "(none)") return make("span", { class: "none" }, "none");
    return make("span", { class: "mono value " + kind }, text);
  }

  function changeRow(change) {
    const name = make("th", { scope: "row" }, make("span", { class: "mono" }, change.path),
      change.severity === "informational" ? null : make("span", { class: "tag " + change.severity }, change.severity),
      change.replaces ? make("span", { class: "tag" }, "forces replacement") : null,
      change.unset ? make("span", { class: "tag" }, "not set by the configuration") : null,
      change.hidden ? make("span", { class: "tag" }, "hidden by " + change.hidden) : null);
    const row = make("tr", { class: change.hidden ? "is-hidden" : null }, name);
    if (change.lines) {
      const lines = change.lines.map(([sign, line]) =>
        make("span", { class: sign === "-" ? "gone" : sign === "+" ? "added" : null }, sign + " " + line));
      row.append(make("td", { colspan: "2" }, make("pre", { tabindex: "0", "aria-label": "Lines that differ: - state, + reality" }, lines)));
    } else if (change.before === change.after) {
      row.append(make("td", { colspan: "2" }, value(change.before, ""), " differs"));
    } else {
      row.append(make("td", { "data-side": "state" }, value(change.before, "gone")), make("td", { "data-side": "reality" }, value(change.after, "added")));
    }
    return row;
  }

  function fill(body, finding) {
    const shown = finding.changes.filter((c) => !c.hidden || finding.hidden || showHidden.checked);
    const left = finding.changes.length - shown.length;
    const facts = [["target", finding.target], ["declared in", finding.declared], ["provider", finding.provider], ["in the state as", finding.previous]];
    if (finding.identity) body.append(make("p", null, finding.identity));
    if (shown.length > 0) {
      body.append(make("table", { class: "changes" },
        make("thead", null, make("tr", null, ["Attribute", "State", "Reality"].map((t) => make("th", { scope: "col" }, t)))),
        make("tbody", null, shown.map(changeRow))));
    }
    if (left > 0) body.append(make("p", { class: "quiet" }, plural(left, "more change is", "more changes are") + " hidden"));
    body.append(make("p", null, finding.effect));
    if (finding.hidden) body.append(make("p", null, "Hidden by " + finding.hidden));
    if (finding.reasons.length > 0) body.append(make("ul", { class: "reasons" }, finding.reasons.map((r) => make("li", null, r))));
    body.append(make("p", { class: "quiet" }, facts.filter((f) => f[1]).flatMap(([label, text], i) =>
      [i > 0 ? " · " : null, label + " ", make("code", null, text)])));
  }

  function item(finding) {
    const visible = finding.changes.filter((c) => !c.hidden || finding.hidden);
    const first = [...visible].sort((a, b) => rank[a.severity] - rank[b.severity]).slice(0, 2).map((c) => c.path).join(", ");
    const what = first + (visible.length > 2 ? " and " + (visible.length - 2) + " more" : "") + (finding.hidden ? " · hidden" : "");
    const details = make("details", null, make("summary", null,
      make("span", { class: "severity " + finding.severity }, finding.severity),
      make("span", null, finding.kind),
      make("span", { class: "mono" }, finding.address),
      make("span", { class: "quiet what" }, what)));
    details.addEventListener("toggle", () => {
      const body = details.querySelector(".body");
      if (details.open && !body) {
        const made = make("div", { class: "body" });
        fill(made, finding);
        details.append(made);
      }
    });
    return make("li", { class: finding.hidden ? "is-hidden" : null }, details);
  }

  const list = get("list");
  const query = get("query");
  const target = get("target");
  const showHidden = get("show-hidden");
  let matches = [];
  let rendered = 0;

  function checks(id, names) {
    const present = names.filter((name) => findings.some((f) => (id === "severities" ? f.severity : f.kind) === name));
    return present.map((name) => {
      const box = make("input", { type: "checkbox", value: name });
      box.checked = true;
      box.addEventListener("change", update);
      get(id).append(make("label", { class: "check" }, box, make("span", { class: name }, name)));
      return box;
    });
  }
  const severities = checks("severities", ["critical", "important", "informational"]);
  const kinds = checks("kinds", ["deleted", "modified", "moved"]);

  const targets = [...new Set(report.findings.map((f) => f.target))];
  target.append(make("option", { value: "" }, "all"), ...targets.map((t) => make("option", { value: t }, t)));
  get("target-label").hidden = targets.length < 2;
  const hiddenCount = findings.filter((f) => f.hidden).length;
  const hiddenChanges = findings.reduce((n, f) => n + (f.hidden ? 0 : f.changes.filter((c) => c.hidden).length), 0);
  get("hidden-label").hidden = hiddenCount + hiddenChanges === 0;
  get("hidden-text").textContent = "Show what is hidden: " + plural(hiddenCount, "finding", "findings") + ", " + plural(hiddenChanges, "change", "changes");

  function more() {
    const part = document.createDocumentFragment();
    for (const finding of matches.slice(rendered, rendered + BATCH)) part.append(item(finding));
    rendered = Math.min(rendered + BATCH, matches.length);
    list.append(part);
    const left = matches.length - rendered;
    get("more").hidden = left === 0;
    get("more").textContent = "Show " + Math.min(left, BATCH) + " of " + left.toLocaleString("en") + " more";
    status();
  }

  function status() {
    const all = findings.filter((f) => !f.hidden || showHidden.checked).length;
    const rest = rendered < matches.length ? ", the first " + rendered.toLocaleString("en") + " listed" : "";
    get("status").textContent = matches.length === all ? plural(all, "finding", "findings") + rest
      : matches.length.toLocaleString("en") + " of " + plural(all, "finding", "findings") + rest;
  }

  function filter() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = (boxes) => new Set(boxes.filter((b) => b.checked).map((b) => b.value));
    const [wantedSeverities, wantedKinds] = [on(severities), on(kinds)];
    matches = findings.filter((f) => (showHidden.checked || !f.hidden)
      && wantedSeverities.has(f.severity) && wantedKinds.has(f.kind)
      && (!target.value || f.target === target.value)
      && words.every((w) => f.text.includes(w)));
    list.replaceChildren();
    rendered = 0;
    more();
  }

  // The filter stands in the address, so that it can be sent to somebody.
  function save() {
    const state = new URLSearchParams();
    if (query.value) state.set("q", query.value);
    if (target.value) state.set("target", target.value);
    const off = [...severities, ...kinds].filter((b) => !b.checked).map((b) => b.value);
    if (off.length > 0) state.set("without", off.join(","));
    if (showHidden.checked) state.set("hidden", "1");
    try {
      history.replaceState(null, "", state.size > 0 ? "#" + state : location.pathname + location.search);
    } catch {
      // A page without an address of its own (about:srcdoc) has none to keep.
    }
  }

  function load() {
    const state = new URLSearchParams(location.hash.slice(1));
    query.value = state.get("q") || "";
    target.value = targets.includes(state.get("target")) ? state.get("target") : "";
    const off = (state.get("without") || "").split(",");
    for (const box of [...severities, ...kinds]) box.checked = !off.includes(box.value);
    showHidden.checked = state.get("hidden") === "1";
  }

  let waiting = 0;
  function update() {
    clearTimeout(waiting);
    waiting = setTimeout(() => { filter(); save(); }, 80);
  }

  query.addEventListener("input", update);
  target.addEventListener("change", update);
  showHidden.addEventListener("change", update);
  get("more").addEventListener("click", () => {
    const first = rendered;
    more();
    list.children[first]?.querySelector("summary").focus();
  });
  get("expand").addEventListener("click", () => list.querySelectorAll("details").forEach((d) => { d.open = true; }));
  get("collapse").addEventListener("click", () => list.querySelectorAll("details").forEach((d) => { d.open = false; }));
  window.addEventListener("hashchange", () => {
    // A link inside the page is no filter.
    if (location.hash && !location.hash.includes("=")) return;
    load();
    filter();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "/" && !typing) {
      query.focus();
      event.preventDefault();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.matches("#list summary")) {
      const row = event.target.closest("li");
      const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
      next?.querySelector("summary").focus();
      event.preventDefault();
    }
  });

  get("findings").hidden = findings.length === 0;
  load();
  filter();

  // What was not looked at, by reason.
  const groups = new Map();
  for (const entry of report.not_looked_at) {
    const key = (entry.open ? "0" : "1") + entry.reason;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(entry);
  }
  const ordered = [...groups].sort(([a, x], [b, y]) => a[0].localeCompare(b[0]) || y.length - x.length || a.localeCompare(b));
  for (const [, entries] of ordered) {
    const { open, reason } = entries[0];
    const fold = make("details", { class: "fold" }, make("summary", null,
      make("span", { class: "severity " + (open ? "important" : "informational") }, open ? "open" : "skipped"),
      make("span", null, entries.length.toLocaleString("en") + " × " + reason)));
    fold.addEventListener("toggle", () => {
      if (fold.open && !fold.querySelector("ul")) {
        fold.append(make("ul", { class: "mono" }, entries.map((e) => make("li", null, targets.length > 1 ? e.target + ": " + e.address : e.address))));
      }
    });
    get("left-out-list").append(fold);
  }
  get("left-out").hidden = groups.size === 0;

  for (const problem of report.problems) {
    get("problem-list").append(make("li", null, problem.message,
      problem.hints.length > 0 ? make("ul", { class: "quiet" }, problem.hints.map((h) => make("li", null, "hint: " + h))) : null));
  }
  get("problems").hidden = report.problems.length === 0;

  const origins = { native: "read by driftmgr itself", reattached: "a provider that was already running" };
  for (const p of report.providers) {
    get("provider-list").append(make("tr", null, make("th", { scope: "row", class: "mono" }, p.address), make("td", null, p.version || ""),
      make("td", { class: "mono" }, origins[p.origin] || p.path || p.origin)));
  }
  get("providers").hidden = report.providers.length === 0;
})();
