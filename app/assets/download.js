/* Exports: a link with `data-export` is fetched here, so that the page can show how far it has come, and stop it.
   Without this script, or with a key held, the link is an ordinary download. What arrives goes to the browser's own blob
   storage in parts of a few megabytes, so that a long file does not grow in the page's memory. */
(function () {
  "use strict";
  const botv2Words = window.botv2Words;
  const make = window.botv2Make;
  const PART_BYTES = 8 * 1024 * 1024;
  const SHOW_MS = 200;
  const DONE_MS = 4000;
  const NEWLINE = 10;

  /* The card that shows one download; `stop` is called by its button. */
  function progressCard(stop) {
    const id = `download-${Date.now()}-${Math.floor(performance.now())}`;
    const [name, words] = [make("b", { id: id }, botv2Words("Export")), make("p", { className: "num" }, botv2Words("asking the server"))];
    const bar = make("progress", { "aria-labelledby": id });
    const close = make("button", { type: "button", className: "btn-flat", "aria-label": botv2Words("Stop this export"), onclick: stop }, make("i", { className: "i i-close" }));
    const card = make("div", { className: "toast-card t-info download" }, make("i", { className: "i i-download" }), name, close, words, bar);
    document.getElementById("frame-toasts").append(card);
    return { card: card, name: name, words: words, bar: bar };
  }

  function size(bytes) {
    const units = ["B", "kB", "MB", "GB"];
    const power = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
    return window.botv2Format.level(bytes / 1000 ** power, power ? 1 : 0) + "\u202f" + units[power];
  }

  /* Rows are counted by their lines, which is near enough for a bar: a text may hold line breaks of its own. */
  function linesIn(chunk) {
    let found = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) found += 1;
    return found;
  }

  async function collect(answer, shown) {
    const total = Number(answer.headers.get("X-Total-Count")) || 0;
    const reader = answer.body.getReader();
    let [parts, waiting, bytes, kept, rows, told] = [[], [], 0, 0, 0, 0];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      waiting.push(next.value);
      bytes += next.value.length;
      rows += linesIn(next.value);
      if (bytes - kept > PART_BYTES) {
        parts = [new Blob([...parts, ...waiting])];
        waiting = [];
        kept = bytes;
      }
      if (performance.now() - told > SHOW_MS) {
        told = performance.now();
        const done = Math.min(rows, total);
        if (total) shown.bar.value = done / total;
        const values = { done: window.botv2Format.level(done), total: window.botv2Format.level(total), size: size(bytes) };
        shown.words.textContent = total ? botv2Words("{done} of {total} rows, {size}", values) : botv2Words("{size} so far", values);
      }
    }
    return new Blob([...parts, ...waiting], { type: answer.headers.get("Content-Type") });
  }

  function save(blob, name) {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), DONE_MS);
  }

  function fail(card, title, message) {
    card.remove();
    window.botv2Toast({ severity: "ERROR", title: title, message: message });
  }

  async function download(link) {
    const stopping = new AbortController();
    const shown = progressCard(() => stopping.abort());
    try {
      const answer = await fetch(link.href, { credentials: "same-origin", signal: stopping.signal });
      if (!answer.ok) return fail(shown.card, botv2Words("That was refused"), (await answer.json()).error.message);
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
      shown.name.textContent = name ? name[1] : "export";
      const blob = await collect(answer, shown);
      save(blob, shown.name.textContent);
      shown.bar.value = 1;
      shown.words.textContent = botv2Words("done, {size}", { size: size(blob.size) });
      setTimeout(() => shown.card.remove(), DONE_MS);
    } catch (problem) {
      if (stopping.signal.aborted) return shown.card.remove();
      fail(shown.card, botv2Words("The export broke off"), botv2Words("Nothing was saved. Try again."));
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-export]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const menu = link.closest("details");
    if (menu) menu.open = false;
    download(link);
  });
})();
