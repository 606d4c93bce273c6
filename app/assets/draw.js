/* Draws a panel from the Dash components (as JSON) that its callback returned, changing only what has changed.

   Dash itself would build the same DOM, but it subscribes every component to every action of its store and throws
   all rows away at each update: from POST to the changed page a feed of 32 events took 280 ms, and takes 35 ms so.
   Rows with a `data-key` keep their element, so that scroll position, selection and hover survive.
   Text becomes text nodes, never HTML; only the tags and attributes named here exist. */
(function () {
  "use strict";
  const NAMESPACE = "dash_html_components";
  const TAGS = new Set(["A", "B", "Button", "Code", "Dd", "Div", "Dl", "Dt", "I", "Li", "Ol", "P", "S", "Span", "Table", "Tbody", "Td", "Th", "Thead", "Time", "Tr", "U", "Ul"]);
  const ATTRIBUTES = { className: "class", dateTime: "datetime", href: "href", rel: "rel", role: "role", scope: "scope", target: "target", title: "title", type: "type" };
  const drawn = new WeakMap(); // element -> the props it shows

  function items(content) {
    return [content].flat(Infinity).filter((item) => item !== null && item !== undefined).map((item) => (typeof item === "object" ? item : String(item)));
  }

  function setAttribute(element, name, value) {
    const attribute = ATTRIBUTES[name] || (/^(data|aria)-[a-z-]+$/.test(name) ? name : null);
    if (attribute === null) throw new Error("draw.js does not know the property " + name);
    if (value === null || value === undefined) element.removeAttribute(attribute);
    else if (attribute !== "href" || /^(https:\/\/|\/(?!\/))/i.test(value)) element.setAttribute(attribute, value);
  }

  function setStyle(element, style, before) {
    for (const name of Object.keys(before)) if (!(name in style)) element.style[name] = "";
    for (const name of Object.keys(style)) if (style[name] !== before[name]) element.style[name] = style[name];
  }

  function update(element, props) {
    const before = drawn.get(element) || {};
    drawn.set(element, props);
    for (const name of new Set([...Object.keys(before), ...Object.keys(props)])) {
      if (name === "children") continue;
      if (name === "style") setStyle(element, props.style || {}, before.style || {});
      else if (props[name] !== before[name]) setAttribute(element, name, props[name]);
    }
    fill(element, items(props.children));
  }

  function create(component) {
    if (component.namespace !== NAMESPACE || !TAGS.has(component.type)) throw new Error("draw.js does not know the component " + component.type);
    const element = document.createElement(component.type);
    update(element, component.props);
    return element;
  }

  /* A row that is new, or shows a newer record than before, lights up for a moment. */
  function light(element) {
    element.classList.add("fresh");
    element.addEventListener("animationend", () => element.classList.remove("fresh"), { once: true });
  }

  function reuse(element, component) {
    const row = element.dataset.row;
    update(element, component.props);
    if (row !== element.dataset.row) light(element);
  }

  const keyOf = (component) => (typeof component === "object" ? component.props["data-key"] : undefined);
  const matches = (node, component) => node && node.nodeName === component.type.toUpperCase() && node.dataset.key === keyOf(component);

  function fill(parent, wanted) {
    const keys = new Set(wanted.map(keyOf));
    const kept = new Map();
    for (const node of [...parent.children]) {
      if (!node.dataset.key) continue;
      if (keys.has(node.dataset.key)) kept.set(node.dataset.key, node);
      else node.remove();
    }
    const hadRows = kept.size > 0;
    let next = parent.firstChild;
    for (const item of wanted) {
      if (typeof item === "string") {
        if (next && next.nodeType === Node.TEXT_NODE) {
          if (next.data !== item) next.data = item;
          next = next.nextSibling;
        } else parent.insertBefore(document.createTextNode(item), next);
        continue;
      }
      const known = kept.get(keyOf(item));
      if (known && known !== next) parent.insertBefore(known, next);
      const node = known || next;
      if (matches(node, item)) {
        reuse(node, item);
        next = node.nextSibling;
      } else {
        const made = parent.insertBefore(create(item), next);
        if (hadRows && keyOf(item)) light(made);
      }
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  }

  /* Show `content` (as JSON) in `host`; what Dash put there before the first time, the skeleton, goes. */
  window.botv2Draw = function (host, content) {
    if (!drawn.has(host)) host.replaceChildren();
    drawn.set(host, {});
    fill(host, items(content));
  };
})();
