/* Makes an element: `botv2Make("button", {className: "menu-item", "aria-pressed": "true", onclick: act}, "Text", child)`.
   Texts become text nodes, never HTML; what is null, undefined or false is left out. */
(function () {
  "use strict";
  window.botv2Make = function (tag, properties, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === "function" || name === "className") made[name] = value;
      else made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };
})();
