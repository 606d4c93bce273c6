/* What a button does at once: `data-send="METHOD /path"`, with `data-body` as JSON. One with `data-confirm` is asked first,
   by dialog.js. Also the form of an alert rule. A change is sent with a key, so that a second try does it once. */
(function () {
  "use strict";
  const FIELDS = { name: "rule-name", condition: "rule-condition", threshold: "rule-threshold", severity: "rule-severity", cooldown_seconds: "rule-cooldown" };
  const WITH_THRESHOLD = new Set(["drawdown", "closed_above", "closed_below", "stale_feed"]);
  const words = (text, values) => window.botv2Words(text, values);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);

  /* Resolves to what the server answered, or throws an error whose message a person can read. Without the network some changes
     wait in this browser (service_worker/waiting.js): then it resolves to `{waiting: true}`, and offline.js tells the person. */
  async function send(method, path, body) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["Idempotency-Key"] = crypto.randomUUID();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer, said;
    try {
      answer = await fetch(window.botv2At(path), { method: method, credentials: "same-origin", cache: "no-store", headers: headers, body: body === undefined ? undefined : JSON.stringify(body) });
      said = await answer.json();
    } catch (unreachable) {
      throw new Error(words("The server cannot be reached. Nothing was changed."));
    }
    if (answer.ok) return said;
    const fields = Object.entries(said.error.fields || {}).map(([name, fault]) => `${name} ${fault}`);
    throw new Error(fields.length ? fields.join("; ") : said.error.message);
  }

  async function press(button) {
    const [method, path] = button.dataset.send.split(" ");
    button.disabled = true;
    try {
      const { waiting } = await send(method, path, button.dataset.body ? JSON.parse(button.dataset.body) : undefined);
      if (button.dataset.done && !waiting) window.botv2Toast({ severity: "SUCCESS", title: button.dataset.done, message: "" });
      window.botv2Live.soon();
    } catch (problem) {
      window.botv2Toast({ severity: "ERROR", title: words("That was refused"), message: problem.message });
    }
    button.disabled = false;
  }

  /* ---- the form of a rule ---- */
  let editing = "new";

  function open(button) {
    editing = button.dataset.rule;
    const known = button.dataset;
    const given = { name: known.name || "", condition: known.condition || "drawdown", threshold: known.threshold || "", severity: known.severity || "WARNING", cooldown_seconds: known.cooldownSeconds || "300" };
    for (const [field, id] of Object.entries(FIELDS)) setProps(id, { value: given[field] });
    setProps(FIELDS.condition, { disabled: editing !== "new" }); // a rule's condition is what it is
    complain("");
    document.getElementById("rule-dialog").showModal();
  }

  function complain(message) {
    const place = document.querySelector("#rule-dialog .fault");
    place.hidden = !message;
    place.textContent = message;
  }

  async function save() {
    const value = (field) => document.getElementById(FIELDS[field]).value.trim();
    const condition = value("condition");
    const body = { name: value("name"), severity: value("severity"), cooldown_seconds: Number(value("cooldown_seconds")) };
    if (WITH_THRESHOLD.has(condition)) body.threshold = value("threshold") === "" ? null : Number(value("threshold"));
    try {
      if (editing === "new") await send("POST", "/api/alerts/rules", { ...body, condition: condition });
      else await send("PATCH", "/api/alerts/rules/" + editing, body);
    } catch (problem) {
      complain(problem.message);
      return;
    }
    document.getElementById("rule-dialog").close();
    window.botv2Live.soon();
  }

  document.addEventListener("click", (event) => {
    const sends = event.target.closest("[data-send]:not([data-confirm])");
    const rule = event.target.closest("[data-rule]");
    if (sends) press(sends);
    if (!rule) return;
    if (rule.dataset.rule === "save") save();
    else if (rule.dataset.rule === "close") document.getElementById("rule-dialog").close();
    else open(rule);
  });

  window.botv2Send = send;
  window.botv2Press = press;
})();
