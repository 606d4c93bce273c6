/* Small tables whose heads are buttons (`data-sort`): a click sorts the rows by the `data-value` of that column's cells, a second one the
   other way round. What is not known stays last. The order is kept when the panel is drawn again. */
(function () {
  "use strict";
  const orders = {}; // panel -> [column, descending]
  const panelOf = (element) => element.closest("section[id]").id;

  function compare(a, b) {
    const [one, other] = [Number(a), Number(b)];
    return Number.isNaN(one) || Number.isNaN(other) ? a.localeCompare(b) : one - other;
  }

  function arrange(panel) {
    const table = document.querySelector(`#${panel} table:has([data-sort])`);
    if (!table || !orders[panel]) return;
    const [column, descending] = orders[panel];
    const heads = [...table.querySelectorAll("th[aria-sort]")];
    const place = heads.findIndex((head) => head.querySelector("[data-sort]").dataset.sort === column);
    heads.forEach((head, at) => head.setAttribute("aria-sort", at !== place ? "none" : descending ? "descending" : "ascending"));
    const valueOf = (row) => row.children[place].dataset.value;
    const [known, unknown] = [[], []];
    for (const row of table.tBodies[0].rows) (valueOf(row) === undefined ? unknown : known).push(row);
    known.sort((a, b) => compare(valueOf(a), valueOf(b)) * (descending ? -1 : 1));
    table.tBodies[0].append(...known, ...unknown);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sort]");
    if (!button) return;
    const panel = panelOf(button);
    const [column, descending] = orders[panel] || [];
    orders[panel] = [button.dataset.sort, column === button.dataset.sort ? !descending : button.dataset.sort !== "name"];
    arrange(panel);
  });
  document.addEventListener("botv2:drawn", (event) => arrange(event.detail));
})();
