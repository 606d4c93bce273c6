/* The people on the settings page: a button's `data-people="METHOD /path"` is asked for and done in one dialog, see components/people.py;
   the filters of the audit log. What a person writes here is sent and kept nowhere. */
(function () {
  "use strict";
  const words = (text, values) => window.botv2Words(text, values);
  const make = window.botv2Make;
  const changed = () => window.dash_clientside.set_props("people-changed", { data: Date.now() });
  const FIELDS = {
    present: () => field(words("Present password"), { type: "password", autocomplete: "current-password" }),
    password: () => field(words("New password (8 characters or more)"), { type: "password", autocomplete: "new-password", minlength: "8" }),
    name: () => field(words("Name"), { type: "text", autocomplete: "off", maxlength: "200" }),
    code: () => field(words("Code that the app shows"), { type: "text", autocomplete: "one-time-code", inputmode: "numeric", maxlength: "10" }),
    role: roleField,
  };

  function field(label, attributes) {
    return [make("label", { className: "form-label" }, label), make("input", { className: "form-control", required: true, "aria-label": label, ...attributes })];
  }

  function roleField(chosen) {
    const label = words("Role");
    const roles = { viewer: words("Viewer: looks at everything"), operator: words("Operator: also changes things and makes tokens"), admin: words("Admin: also manages people") };
    const options = Object.entries(roles).map(([value, text]) => make("option", { value: value, selected: value === chosen }, text));
    return [make("label", { className: "form-label" }, label), make("select", { className: "form-select", "aria-label": label }, ...options)];
  }

  function ask(button) {
    const wanted = button.dataset;
    const names = wanted.fields ? wanted.fields.split(" ") : [];
    const fault = make("p", { className: "fault", role: "alert", hidden: true });
    const form = make("form", { className: "people-form" });
    if (wanted.question) form.append(make("p", {}, wanted.question));
    for (const name of names) {
      const [label, input] = FIELDS[name](wanted.value);
      input.name = name;
      form.append(label, input);
    }
    form.append(fault, make("button", { type: "submit", className: "btn-main" }, words("Do it")));
    form.onsubmit = (event) => {
      event.preventDefault();
      const body = wanted.body ? JSON.parse(wanted.body) : names.length ? Object.fromEntries(names.map((name) => [name, form.elements[name].value])) : undefined;
      perform(wanted.people, body, wanted.then, fault);
    };
    show(button.getAttribute("aria-label") || button.textContent, form);
  }

  function show(title, ...content) {
    const dialog = document.getElementById("people-dialog");
    dialog.querySelector("h2").textContent = title;
    dialog.setAttribute("aria-label", title);
    dialog.querySelector(".people-ask").replaceChildren(...content);
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector(".people-ask input, .people-ask select, .people-ask button");
    if (first) first.focus();
    dialog.onclose = () => {
      dialog.querySelector(".people-ask").replaceChildren(); // a secret stays on no page
      changed();
    };
    return dialog;
  }

  async function perform(call, body, then, fault) {
    const [method, path] = call.split(" ");
    let answer;
    try {
      answer = await window.botv2Send(method, path, body);
    } catch (problem) {
      fault.hidden = false;
      fault.textContent = problem.message;
      return;
    }
    if (then === "out") window.location.assign(window.botv2At("/login"));
    else if (then === "link") show(words("Hand this link on"), copyable(words("Link to choose a password; it works once, within 24 hours"), answer.data.link));
    else if (then === "codes") showCodes(answer.data.codes);
    else if (then === "enrol") enrol(answer.data);
    else document.getElementById("people-dialog").close();
  }

  function copyable(label, text) {
    const copy = make("button", { type: "button", className: "btn-line", "data-copy": "true" }, words("Copy"));
    return make("div", { className: "copyable" }, make("p", { className: "form-label" }, label), make("pre", { tabindex: "0", "aria-label": label }, text), copy);
  }

  function enrol(data) {
    const fault = make("p", { className: "fault", role: "alert", hidden: true });
    const [label, input] = FIELDS.code();
    const form = make("form", { className: "people-form" }, label, input, fault, make("button", { type: "submit", className: "btn-main" }, words("Confirm")));
    form.onsubmit = (event) => {
      event.preventDefault();
      perform("POST /api/people/me/two-factor/confirm", { code: input.value }, "codes", fault);
    };
    const picture = make("img", { src: data.picture, className: "people-code", alt: words("QR code for an authenticator app") });
    show(words("Read this with an authenticator app"), picture, copyable(words("Or type the key"), data.secret), form);
  }

  function showCodes(codes) {
    const text = codes.join("\n");
    const file = make("a", { className: "btn-line", href: "data:text/plain," + encodeURIComponent(text + "\n"), download: "botv2-recovery-codes.txt" }, words("Download"));
    const said = make("p", {}, words("Each of these codes signs you in once without the app. They are shown this once: keep them where the password is not."));
    show(words("Recovery codes"), said, copyable(words("Recovery codes"), text), file);
  }

  /* ---- the audit log ---- */
  const typed = {};

  function fillFilters() {
    for (const place of document.querySelectorAll("[data-audit-field]")) {
      if (place.querySelector("input")) continue;
      const name = place.dataset.auditField;
      const input = make("input", { className: "form-control", type: name === "days" ? "number" : "search", min: name === "days" ? "1" : null, "aria-label": place.dataset.label });
      input.value = typed[name] || "";
      input.oninput = () => (typed[name] = input.value.trim());
      input.onchange = () => want({});
      place.append(input);
    }
  }

  const want = (more) => window.dash_clientside.set_props("audit-wanted", { data: { ...typed, ...more, limit: 100 } });

  document.addEventListener("click", (event) => {
    const person = event.target.closest("[data-people]");
    const audit = event.target.closest("[data-audit]");
    if (person) ask(person);
    if (!audit) return;
    if (audit.dataset.audit === "older") want({ cursor: audit.dataset.cursor });
    else want(audit.dataset.audit === "verify" ? { verify: true } : {});
  });
  const drawn = new MutationObserver(fillFilters); // the server draws the card anew with each answer
  document.addEventListener("botv2:page", () => {
    drawn.disconnect();
    const place = document.getElementById("audit");
    if (!place) return;
    drawn.observe(place, { childList: true, subtree: true });
    fillFilters();
  });
})();
